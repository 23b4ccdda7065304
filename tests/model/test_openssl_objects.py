"""The table of OpenSSL's object names, against the OpenSSL of this Python."""

from __future__ import annotations

import _ssl  # ssl itself keeps the two functions to itself
import time

import pytest

from auditor.model.openssl_objects import is_known, nearest

DSTU = "1.2.804.2.1.1.1.1.3.1.1."
"""``openssl list -objects`` prints these, of a cipher and its curves, without their last digit."""


def test_what_openssl_knows_is_known() -> None:
    unknown = []
    for number in range(1, 1200):
        try:
            _, short, long, oid = _ssl.nid2obj(number)
        except ValueError:
            continue
        unknown += [name for name in (short, long, oid) if name and not is_known(name) and not name.startswith(DSTU)]
    assert unknown == []


@pytest.mark.parametrize(
    "name",
    [
        "emailAddres",
        "emailaddress",
        "cn",
        "",
        " CN",
        "undefined",
        "UNDEF",
        "1.2.3.4.5.6",
        "OID.2.5.4.3",
        "2.5.4.3..",
        "02.5.4.3",
        "2",
        "2.5.4.3\t",
        "x" * 99,
    ],
)
def test_what_openssl_does_not_know_is_unknown(name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (each OpenSSL says it in other words)
        _ssl.txt2obj(name, name=True)
    assert not is_known(name)


@pytest.mark.parametrize(
    "name", ["2 5 4 3", "2.5.4.03", "2.5.4.3.", "1.2.840.113549.1.9.1", "directory services (X.500)"]
)
def test_odd_spellings_that_openssl_takes(name: str) -> None:
    assert _ssl.txt2obj(name, name=True)
    assert is_known(name)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("emailAddres", "emailAddress"),
        ("EMAILADDRESS", "emailAddress"),
        ("cn", "CN"),
        ("commonname", "commonName"),
        ("x500UniqueIdentifer", "x500UniqueIdentifier"),
        ("qwertyuiop", ""),
        ("", ""),
    ],
)
def test_the_nearest_name(name: str, meant: str) -> None:
    assert nearest(name) == meant


def test_a_long_name_takes_no_time() -> None:
    started = time.process_time()
    assert not is_known("1." * 500_000 + "1")
    assert nearest("a" * 1_000_000) == ""
    assert time.process_time() - started < 2
