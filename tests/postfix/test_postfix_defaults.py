"""Defaults by version and patch level, and the script that makes their table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from auditor.postfix.defaults import Defaults, Kind, newest_version, version_numbers

ROOT = Path(__file__).parents[2]
SETTINGS = ROOT / "../shared/settings"


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("milter_default_action", "3.7.11", "tempfail"),
        ("milter_default_action", "3.7.20", "shutdown"),
        ("milter_default_action", "3.8.0", "tempfail"),
        ("milter_default_action", "3.11.0", "shutdown"),
        ("smtpd_tls_protocols", "2.10.0", ""),
        ("smtpd_tls_protocols", "2.10.8", "!SSLv2, !SSLv3"),
        ("smtpd_tls_protocols", "3.6.0", ">=TLSv1"),
        ("smtpd_tls_protocols", "4.0", ">=TLSv1"),
        ("smtp_tls_chain_files", "3.3.22", None),
        ("smtp_tls_chain_files", "3.4.0", ""),
        ("tls_legacy_public_key_fingerprints", "3.11.6", None),
        ("smtpd_tls_auth_only", "2.8", "no"),
        ("mail_version", "3.9.1", "3.9.1"),
        ("cleanup_replace_stray_cr_lf", "3.5.23", None),
        ("cleanup_replace_stray_cr_lf", "3.5.24", "yes"),
    ],
)
def test_default_of_a_version(name, version, expected):
    assert Defaults(version).get(name) == expected


@pytest.mark.parametrize(("dump", "version"), [("bookworm", "3.7.11"), ("trixie", "3.10.13"), ("sid", "3.11.7")])
@pytest.mark.skipif(not SETTINGS.is_dir(), reason="../shared/settings is not here")
def test_the_table_has_what_postconf_d_printed(dump, version):
    of_the_host = {
        "myhostname",
        "mydomain",
        "mynetworks",
        "process_id",
        "process_name",
        "service_name",
        "mail_release_date",
    }
    lines = (SETTINGS / f"postconf-d-{dump}.txt").read_text().splitlines()
    printed = {name: value.strip() for name, separator, value in (line.partition(" =") for line in lines) if separator}
    defaults = Defaults(version, debian=True)
    table = {name: defaults.get(name) for name in defaults.names()}
    assert {name: value for name, value in table.items() if name not in of_the_host} == {
        name: value for name, value in printed.items() if name not in of_the_host
    }


def test_types_and_ranges():
    known = Defaults("3.7.11").known("smtpd_timeout")
    assert known
    assert (known.kind, known.programs, known.minimum, known.maximum) == (Kind.TIME, ("smtpd",), 1, 0)
    assert Defaults("3.7.11").known("no_such_parameter") is None


def test_versions():
    assert version_numbers("3.12-20260821") == (3, 12)
    assert version_numbers("x") == ()
    assert version_numbers(newest_version()) >= (3, 11, 6)


@pytest.mark.skipif(not SETTINGS.is_dir(), reason="../shared/settings is not here")
def test_the_table_is_what_the_script_makes(tmp_path):
    made = tmp_path / "made.json"
    subprocess.run([sys.executable, ROOT / "tools/make_postfix_parameters.py", SETTINGS, made], check=True)
    assert made.read_bytes() == (ROOT / "auditor/data/postfix-parameters.json").read_bytes()


@pytest.mark.parametrize(
    ("name", "version", "kind", "minimum"),
    [
        ("compatibility_level", "3.5.25", Kind.INTEGER, 0),
        ("compatibility_level", "3.6.0", Kind.TEXT, 0),
        ("postscreen_dnsbl_threshold", "3.4.27", Kind.INTEGER, 0),
        ("postscreen_dnsbl_threshold", "3.4.28", Kind.INTEGER, 1),
        ("postscreen_dnsbl_threshold", "3.7.3", Kind.INTEGER, 0),
        ("postscreen_dnsbl_threshold", "3.11.6", Kind.INTEGER, 1),
        ("queue_minfree", "3.4.29", Kind.INTEGER, 0),
        ("queue_minfree", "3.5.0", Kind.LONG, 0),
        ("smtpd_forbid_bare_newline", "3.7.9", Kind.BOOLEAN, 0),
        ("smtpd_forbid_bare_newline", "3.7.10", Kind.TEXT, 1),
        ("smtpd_forbid_bare_newline", "3.8.4", Kind.BOOLEAN, 0),
        ("tls_eecdh_strong_curve", "3.7.11", Kind.TEXT, 1),
        ("tls_eecdh_strong_curve", "3.7.13", Kind.TEXT, 0),
    ],
)
def test_types_and_ranges_by_release(name: str, version: str, kind: Kind, minimum: int) -> None:
    """``CONFIG_*_TABLE`` of the tags of these releases."""
    known = Defaults(version).known(name)
    assert known
    assert (known.kind, known.minimum) == (kind, minimum)
