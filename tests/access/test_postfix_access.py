"""The ways into Postfix that hang on certificates; tests/live asks the daemons about many more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from auditor.access.rows import Right
from auditor.access.table import Access
from auditor.host import Host, Mount
from auditor.model import build_model
from auditor.postfix.read import read_postfix

if TYPE_CHECKING:
    from pathlib import Path

MAIN = """
mynetworks = 127.0.0.0/8
smtpd_tls_security_level = may
smtpd_tls_cert_file = /etc/postfix/server.pem
smtpd_tls_CAfile = /etc/postfix/clients.pem
smtpd_sasl_type = cyrus
relay_clientcerts = texthash:/etc/postfix/clients
smtpd_relay_restrictions = permit_sasl_authenticated, permit_tls_clientcerts, reject_unauth_destination
"""
SUBMISSION = "submission inet n - y - - smtpd -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes -o "


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("smtpd_tls_ask_ccert=yes", [("listed", "none"), ("no", "password")]),
        ("smtpd_tls_req_ccert=yes", [("listed and trusted", "none"), ("trusted", "password")]),
        ("smtpd_tls_ask_ccert=no", [("no", "password")]),
    ],
)
def test_a_certificate_is_asked_for_or_required(tmp_path: Path, option: str, expected: list[tuple[str, str]]) -> None:
    """Who is asked only may log in without one (claim: blog 32-34)."""
    folder = tmp_path / "etc/postfix"
    folder.mkdir(parents=True)
    (folder / "main.cf").write_text(MAIN)
    (folder / "master.cf").write_text(SUBMISSION + option)
    (folder / "clients").write_text("AA:BB alice\n")
    host = Host((Mount("/", str(tmp_path)),))
    configuration = read_postfix(host, "/etc/postfix", "3.7.11")
    access = Access(build_model(host, [], [configuration], datetime(2026, 11, 22, tzinfo=UTC)))
    assert [(row.certificate.value, row.secret.value) for row in access.to(Right.RELAY)] == expected
