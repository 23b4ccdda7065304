"""The ways into Dovecot that hang on listeners, networks and filters; tests/live asks the daemons about many more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from instances import instance

from auditor.access.rows import Right, Secret

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.access.dovecot import DovecotAccess

HEADER = {
    "2.3.19": "protocols = imap\nauth_mechanisms = plain\n",
    "2.4.1": "dovecot_config_version = 2.4.1\ndovecot_storage_version = 2.4.1\nprotocols = imap\n",
}
PASSDB = {
    "2.3.19": "passdb {\n  driver = passwd-file\n  args = scheme=CRYPT /etc/dovecot/users\n}\n",
    "2.4.1": "passdb passwd-file {\n  passwd_file_path = /etc/dovecot/users\n}\n",
}
PROXIED = "service imap-login {\n  inet_listener imap {\n    port = 143\n    haproxy = yes\n  }\n}\n"
CLEAR = {"2.3.19": "disable_plaintext_auth = no\n", "2.4.1": "auth_allow_cleartext = yes\n"}


def access(tmp_path: Path, text: str, version: str) -> DovecotAccess:
    files = {"dovecot.conf": HEADER[version] + text + PASSDB[version], "users": "alice:{SHA256}not-shown\n"}
    return instance(tmp_path, version, files)


def said(access: DovecotAccess) -> list[str]:
    """Return each login as ``from, listener, TLS or clear``."""
    return [
        f"{row.source.name}, {row.listener.label}, {'TLS' if row.tls else 'clear'}"
        for row in access.rows
        if row.is_login
    ]


@pytest.mark.parametrize("version", HEADER)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ssl = no\n", ["this host, imap 143, clear"]),
        ("ssl = no\nlisten = 192.0.2.1\n", ["this host, imap 143, clear"]),
        ("ssl = no\nCLEAR", ["anywhere, imap 143, clear"]),
        ("ssl = no\nlisten = 127.0.0.1\nCLEAR", ["127.0.0.0/8, ::1, imap 143, clear"]),
        (
            "ssl = no\nlogin_trusted_networks = 10.0.0.0/8\n",
            ["this host, imap 143, clear", "login_trusted_networks, imap 143, clear"],
        ),
        ("ssl = no\nhaproxy_trusted_networks = 10.0.0.9\n" + PROXIED, ["haproxy_trusted_networks, imap 143, clear"]),
        ("ssl = no\n" + PROXIED, []),
        (
            "ssl = no\nremote 10.0.0.0/8 {\n  CLEAR}\n",
            ["remote 10.0.0.0/8, imap 143, clear", "this host, imap 143, clear"],
        ),
        # Without a certificate no handshake succeeds, and what needs TLS has no way.
        ("ssl = required\n", ["this host, imap 143, clear"]),
    ],
)  # fmt: skip
def test_logins_without_tls(tmp_path: Path, version: str, text: str, expected: list[str]) -> None:
    """The host itself, and networks that are trusted, need none (claim: wiki 22)."""
    assert said(access(tmp_path, text.replace("CLEAR", CLEAR[version]), version)) == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [("2.3.19", ["this host", "login_trusted_networks"]), ("2.4.1", ["this host"])],
)
def test_trusted_networks_beside_required_tls(tmp_path: Path, version: str, expected: list[str]) -> None:
    """2.4 demands TLS of them (claim: wiki 22)."""
    found = access(tmp_path, "ssl = required\nlogin_trusted_networks = 10.0.0.0/8\n", version)
    assert [row.source.name for row in found.rows if not row.tls] == expected


@pytest.mark.parametrize("version", HEADER)
def test_a_proxy_says_who_its_client_is(tmp_path: Path, version: str) -> None:
    found = access(tmp_path, "ssl = no\nhaproxy_trusted_networks = 10.0.0.9\n" + PROXIED, version)
    assert [row.source.name for row in found.rows if row.right is Right.CHANGE_IDENTITY] == ["haproxy_trusted_networks"]


@pytest.mark.parametrize(("version", "smtp"), [("2.3.19", False), ("2.4.1", True)])
def test_a_block_for_all_but_smtp_holds_for_smtp_in_24(tmp_path: Path, version: str, smtp: bool) -> None:
    """What 2.3 exempts, 2.4 does not: tried with ``doveadm auth test`` on 2.3.19, 2.4.1 and 2.4.5."""
    found = access(tmp_path, "ssl = no\nprotocol !smtp {\n  auth_ssl_require_client_cert = yes\n}\n", version)
    auth = found.dovecot.auth
    assert found.dovecot.is_on("auth_ssl_require_client_cert", auth.scope("imap"))
    assert found.dovecot.is_on("auth_ssl_require_client_cert", auth.scope("smtp")) is smtp


def test_two_blocks_for_all_but_one_protocol_keep_auth_from_starting(tmp_path: Path) -> None:
    text = "protocol !smtp {\n  auth_username_format = %n\n}\nprotocol !pop3 {\n  auth_username_format = %u\n}\n"
    assert said(access(tmp_path, "ssl = no\n" + text, "2.3.19")) == []


def test_a_block_that_one_protocol_changes_is_asked_by_the_others(tmp_path: Path) -> None:
    changed = "protocol imap {\n  passdb passwd-file {\n    mechanisms_filter = external\n  }\n}\n"
    found = access(tmp_path, "protocols = imap pop3\n" + changed, "2.4.1")
    (unchanged,) = (passdb for passdb in found.dovecot.passdbs if not passdb.protocol)
    assert [protocol for protocol, auth in found.auth_services.items() if unchanged in auth.asked("plain")] == ["pop3"]


@pytest.mark.parametrize(("ssl", "expected"), [("yes", ["haproxy_trusted_networks"]), ("required", [])])
def test_a_client_is_refused_by_the_address_that_a_proxy_claims(tmp_path: Path, ssl: str, expected: list[str]) -> None:
    """Tried on 2.4.1: with auth_allow_cleartext beside it, ssl = required in a remote block closes the connection."""
    remote = f"remote 198.51.100.0/24 {{\n  ssl = {ssl}\n}}\n"
    static = "passdb static {\n  fields {\n    nopassword = yes\n    allow_nets = 198.51.100.0/24\n  }\n}\n"
    clear = "ssl = no\nauth_allow_cleartext = yes\nhaproxy_trusted_networks = 10.0.0.9\n"
    found = access(tmp_path, clear + remote + PROXIED + static, "2.4.1")
    assert [row.source.name for row in found.rows if row.secret is Secret.ANY_PASSWORD] == expected
