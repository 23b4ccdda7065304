"""Files of certificates and CRLs: their blocks in another order, each with what stands above it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fixing_cases import audit_of, texts_with

from auditor.model.pem_fixes import documented_order

if TYPE_CHECKING:
    from auditor.change import Fix

PKI = Path(__file__).parents[1] / "pki"
CA, CRL = "# of the office\n" + (PKI / "ca.crt").read_text(), "CRL of November\n" + (PKI / "ca.crl").read_text()
KEY = (PKI / "server.key").read_text()
DOVECOT = "auth_ssl_username_from_cert = yes\nssl_ca = </etc/clients.pem\nssl_verify_client_cert = yes\nssl = yes\n"


def in_order(root: Path, text: str) -> tuple[Fix | None, str]:
    """Return the fix of a file of CAs, and the file with it."""
    read = audit_of(root, {"etc/dovecot/dovecot.conf": DOVECOT, "etc/clients.pem": text}, dovecot="2.3.19")
    fix = documented_order(read.models[0].client_trusts[0])
    return fix, texts_with(read, fix)["/etc/clients.pem"] if fix else ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (CRL + CA, CA + CRL),
        (CRL + "\n" + CA + "# the end\n", CA + CRL + "# the end\n"),
        ((CRL + CA).replace("\n", "\r\n"), (CA + CRL).replace("\n", "\r\n")),
        (CRL + CA.rstrip("\n"), CA + CRL.rstrip("\n")),
    ],
    ids=["text above", "text below", "crlf", "no line end"],
)
def test_blocks_are_written_in_order(tmp_path: Path, before: str, after: str) -> None:
    assert in_order(tmp_path, before)[1] == after


@pytest.mark.parametrize("text", [CRL + CA + KEY, CRL + CA.replace("M", "*", 1)], ids=["a key", "broken"])
def test_a_file_that_is_not_understood_is_left_alone(tmp_path: Path, text: str) -> None:
    assert in_order(tmp_path, text)[0] is None
