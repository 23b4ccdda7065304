"""The real daemons read every case and example as it says: they load it, or refuse it where it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cases import EXAMPLES, Case, all_cases

if TYPE_CHECKING:
    from pathlib import Path

SMTPD = "/usr/lib/postfix/sbin/smtpd"
CASES = all_cases()


@pytest.mark.parametrize(
    ("case", "suite"),
    [pytest.param(case, suite, id=f"{case.id}-{suite}") for case in CASES for suite in case.dovecot_suites],
)
def test_dovecot_reads_the_case_as_it_says(case: Case, suite: str, oracle: Any, tmp_path: Path) -> None:
    case.materialise(tmp_path / "host")
    status, _, errors, _ = oracle.dovecot_check(suite, tmp_path / "host/etc/dovecot")
    if not case.refused_at("etc/dovecot/"):
        assert (status, errors) == (0, [])
        return
    assert status != 0
    file, _, line = case.facts["at"].partition(":")
    # "Error in configuration file FILE line N: …", or "… (section started at FILE:N)".
    places = (f"/{file} line {line}:", f"/{file}:{line})")
    assert any(place in error for error in errors for place in places), errors


@pytest.mark.parametrize(
    ("case", "suite"),
    [pytest.param(case, suite, id=f"{case.id}-{suite}") for case in CASES for suite in case.postfix_suites],
)
def test_postfix_reads_the_case_as_it_says(case: Case, suite: str, oracle: Any, tmp_path: Path) -> None:
    case.materialise(tmp_path / "host")
    refusal = postfix_refusal(oracle, suite, tmp_path / "host/etc/postfix")
    assert bool(refusal) == case.refused_at("etc/postfix/"), refusal


@pytest.mark.parametrize(
    ("example", "suite"),
    [("article", "bookworm"), ("sound", "bookworm"), ("sound-2.4", "trixie"), ("sound-2.4", "sid")],
)
def test_the_examples_load(example: str, suite: str, oracle: Any) -> None:
    status, _, errors, warnings = oracle.dovecot_check(suite, EXAMPLES / example / "etc/dovecot")
    assert (status, errors, warnings) == (0, [], [])
    assert postfix_refusal(oracle, suite, EXAMPLES / example / "etc/postfix") == ""


def postfix_refusal(oracle: Any, suite: str, folder: Path) -> str:
    """Return why Postfix refuses a configuration, empty if it does not.

    postconf reads both files but no value; every smtpd reads the values of its parameters when it starts. Stand-alone,
    as sendmail(1) -bs runs it, it needs no other process, and at the end of its input it is done.
    """
    status, messages = oracle.postfix_check(suite, folder)
    if status:
        return "\n".join(messages)
    with oracle.Tree(suite, folder, at="/tmp/oracle-postfix", main="main.cf") as tree:
        for service in oracle.postfix_services(suite, folder):
            if service["command"].split()[0] != "smtpd":
                continue
            # Looking for a local recipient would ask proxymap, and wait for it.
            options = [*(f"{name}={value}" for name, value in service["options"].items()), "local_recipient_maps="]
            arguments = [word for option in options for word in ("-o", option)]
            status, *_ = tree.run(["env", f"MAIL_CONFIG={tree.at}", SMTPD, "-S", *arguments])
            if status:
                return f"smtpd of {service['service']} exits with {status}"
    return ""
