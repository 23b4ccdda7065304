"""Which protocol versions settings allow, and which of them OpenSSL speaks."""

from __future__ import annotations

import pytest

from auditor.model.openssl import OpenSsl
from auditor.model.tls_protocols import from_minimum, from_words


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        ("TLSv1.2", ["TLSv1.2", "TLSv1.3"]),
        ("tlsv1.1", ["TLSv1.1", "TLSv1.2", "TLSv1.3"]),
        ("ANY", ["SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
        ("LATEST", ["TLSv1.3"]),
        ("TLSv1.4", []),
    ],
)
def test_a_minimum(value: str, allowed: list[str]) -> None:
    assert list(from_minimum(value)) == allowed


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        (">=TLSv1.2", ["TLSv1.2", "TLSv1.3"]),
        (">=0303, <=0x304", ["TLSv1.2", "TLSv1.3"]),
        (">=TLSv1 <=TLSv1.2 !TLSv1.1", ["TLSv1", "TLSv1.2"]),
        ("!SSLv2, !SSLv3", ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
        ("!SSLv2:!SSLv3:!TLSv1:!TLSv1.1", ["TLSv1.2", "TLSv1.3"]),
        ("TLSv1.2", ["TLSv1.2"]),
        ("tlsv1.2, TLSv1.3, !TLSv1.3", ["TLSv1.2"]),
        (">=none", ["SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
        ("", ["SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
        ("TLSv1.2, SSLv4", []),
        ("> =TLSv1.2", []),
    ],
)
def test_a_list(value: str, allowed: list[str]) -> None:
    assert list(from_words(value)) == allowed


@pytest.mark.parametrize(
    ("version", "protocol", "level", "speaks"),
    [
        ((3, 0, 17), "TLSv1.1", 1, False),
        ((3, 0, 17), "TLSv1.1", 0, True),
        ((1, 1, 1), "TLSv1", 2, True),
        ((), "TLSv1", 1, True),
        ((), "SSLv3", 0, False),
        ((1, 0, 2), "SSLv3", 0, True),
        ((3, 5), "TLSv1.2", 5, True),
    ],
)
def test_what_openssl_speaks(version: tuple[int, ...], protocol: str, level: int, speaks: bool) -> None:
    assert OpenSsl(version, level).speaks(protocol, level) is speaks
