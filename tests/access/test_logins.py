"""The logins that succeed, by the text of the configuration; tests/live asks the daemons about more of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from auditor.access.logins import AuthService
from auditor.dovecot.read import read_dovecot
from auditor.host import Host, Mount, Unreadable
from auditor.model.dovecot import Dovecot

if TYPE_CHECKING:
    from pathlib import Path

HASH = "{SHA256}not-shown"


def found(tmp_path: Path, text: str, users: str = "", *, service: str = "imap", version: str = "2.3.19") -> list[str]:
    """Return each login as ``MECHANISM secret users``, with what limits it."""
    folder = tmp_path / "etc/dovecot"
    folder.mkdir(parents=True, exist_ok=True)
    header = "dovecot_config_version = 2.4.1\ndovecot_storage_version = 2.4.1\n" if version.startswith("2.4") else ""
    (folder / "dovecot.conf").write_text(f"{header}protocols = imap pop3\n{text}")
    (folder / "users").write_text(users)
    (folder / "denied").write_text("bob\n")
    host = Host((Mount("/", str(tmp_path)),))
    configuration = read_dovecot(host, "/etc/dovecot/dovecot.conf", version)
    assert not isinstance(configuration, Unreadable)
    rows = []
    for login in AuthService(Dovecot(configuration, host, asked_by_postfix=True), service).logins:
        parts = [login.mechanism, login.secret.value, login.users]
        if str(login.networks) != "anywhere":
            parts.append(f"from {login.networks}")
        if login.certificate.value != "no":
            parts.append(f"certificate {login.certificate.value}")
        parts += [login.right.value] if login.right.value != "read mail" else []
        parts += [f"unless {missing.what}" for missing in login.unknown]
        rows.append(", ".join(parts))
    return rows


def file(options: str = "", name: str = "users", scheme: str = "") -> str:
    lines = "".join(f"  {line}\n" for line in options.split("; ") if line)
    return f"passdb {{\n  driver = passwd-file\n  args = {scheme}/etc/dovecot/{name}\n{lines}}}\n"


def static(options: str) -> str:
    lines = "".join(f"  {line}\n" for line in options.split("; ") if line)
    return f"passdb {{\n  driver = static\n{lines}}}\n"


ANY = "PLAIN, any password, any user name at all"
ALL = "PLAIN, password, any user in /etc/dovecot/users"
USERS = f"alice:{HASH}\nbob:{HASH}\n"
ALICE = "PLAIN, password, alice of /etc/dovecot/users"


@pytest.mark.parametrize(
    ("text", "users", "expected"),
    [
        (file(), USERS, [ALL]),
        (file("result_success = return"), USERS, []),
        (file("result_success = continue"), USERS, []),
        (file("result_success = continue") + static("args = password=x"), USERS, [
            ALL, "PLAIN, one password for all, any user name at all"]),
        (static("args = password=x; result_success = continue") + file(), USERS, [
            "PLAIN, one password for all, any user in /etc/dovecot/users", ALL]),
        ("auth_mechanisms = cram-md5\n" + static("args = password=x; username_filter = *@a.org !b*")
            + static("args = nopassword"), "", [
            "CRAM-MD5, one password for all, any user name at all whose name passes the filter `*@a.org !b*`",
            "CRAM-MD5, an empty password, any user name at all but those who pass `*@a.org !b*`"]),
        (file("result_failure = return-ok"), USERS, [ANY]),
        (file("result_failure = continue-ok"), USERS, [ANY]),
        (file("result_failure = return") + static("args = nopassword"), USERS, [ALL]),
        (file("deny = yes", "denied") + file(), USERS, [ALICE]),
        (file() + file("deny = yes", "denied"), USERS, [ALL]),
        (file("deny = yes; mechanisms = external", "denied") + file(), USERS, [ALL]),
        (file("mechanisms = external"), USERS, []),
        (file("skip = unauthenticated"), USERS, []),
        (file("username_filter = a*"), USERS, [ALICE]),
        (file("username_filter = !b*"), USERS, [ALICE]),
        (file("default_fields = allow_nets=10.0.0.0/8"), USERS, [f"{ALL}, from 10.0.0.0/8"]),
        (file("override_fields = allow_nets=10.0.0.0/8"), USERS, [f"{ALL}, from 10.0.0.0/8"]),
        (file("override_fields = fail=yes"), USERS, []),
        (file("default_fields = nologin"), USERS, []),
        (static("args = nopassword; result_success = continue") + file("result_failure = return-ok"), USERS, [
            "PLAIN, any password, any user in /etc/dovecot/users", ANY]),
        (static("args = noauthenticate") + file(), USERS, [ALL]),
        (file() + static("args = noauthenticate"), USERS, [ALL]),
        (static("args = password="), "", ["PLAIN, an empty password, any user name at all"]),
        ("auth_mechanisms = anonymous\n", "", ["ANONYMOUS, none, anonymous"]),
        ("auth_mechanisms = plain\n", "", []),
        ("auth_mechanisms = cram-md5\n" + file(), "alice:{PLAIN}x\nbob:{SHA256}x\n", [
            "CRAM-MD5, password, alice of /etc/dovecot/users"]),
        (file(), f"Alice:{HASH}\nbob:{HASH}\n", ["PLAIN, password, bob of /etc/dovecot/users"]),
        ("auth_username_format =\n" + file(), f"Alice:{HASH}\nbob:{HASH}\n", [ALL]),
        ("passdb {\n  driver = pam\n}\n", "", ["PLAIN, password, any user that pam knows, unless passdb (pam)"]),
        ("passdb {\n  driver = pam\n  result_internalfail = return-ok\n}\n", "", [
            f"{ANY}, unless passdb (pam)", "PLAIN, password, any user that pam knows, unless passdb (pam)"]),
        ("passdb {\n  driver = pam\n}\n" + file(), USERS, [
            "PLAIN, password, any user that pam knows, unless passdb (pam)", ALL]),
    ],
)  # fmt: skip
def test_the_chain_of_passdbs(tmp_path: Path, text: str, users: str, expected: list[str]) -> None:
    """What one passdb does not let in goes to the next (claim: blog 110)."""
    assert found(tmp_path, text, users) == expected


@pytest.mark.parametrize(
    ("options", "users", "expected"),
    [
        ("username_format=%u ", "alice@example.org:\nbob:\n", "any user in /etc/dovecot/users"),
        # Whoever is alice in any domain, and what holds a domain is looked up by nobody.
        ("username_format=%n ", "alice@example.org:\nbob:\n", "bob of /etc/dovecot/users"),
    ],
)
def test_names_are_looked_up_as_the_format_says(tmp_path: Path, options: str, users: str, expected: str) -> None:
    """With or without their domain (claim: blog 79-80)."""
    text = file(scheme=f"scheme=PLAIN {options}")
    assert found(tmp_path, text, users) == [f"PLAIN, an empty password, {expected}"]


EXTERNAL = "auth_mechanisms = plain external\nauth_ssl_username_from_cert = yes\n"
BY_CERTIFICATE = file("mechanisms = external", "external", "scheme=PLAIN ")


@pytest.mark.parametrize(
    ("regular", "users", "expected"),
    [
        ("", USERS, [ALL, "EXTERNAL, none, any user in /etc/dovecot/external, certificate trusted"]),
        # The regular passdb answers EXTERNAL, too.
        ("", f"carol:{{PLAIN}}\nbob:{HASH}\n", [
            "PLAIN, an empty password, carol of /etc/dovecot/users",
            "PLAIN, password, bob of /etc/dovecot/users",
            "EXTERNAL, none, carol of /etc/dovecot/users, certificate trusted",
            "EXTERNAL, none, any user in /etc/dovecot/external, certificate trusted",
        ]),
        ("result_failure = return-fail", USERS, [ALL]),
    ],
)  # fmt: skip
def test_each_mechanism_goes_through_its_own_passdbs(
    tmp_path: Path, regular: str, users: str, expected: list[str]
) -> None:
    """EXTERNAL gets to both, PLAIN to one, and a name in neither gets in by none.

    claim: blog 110, claim: blog 112, claim: blog 134
    """
    folder = tmp_path / "etc/dovecot"
    folder.mkdir(parents=True)
    (folder / "external").write_text("alice:\n")
    assert found(tmp_path, EXTERNAL + file(regular) + BY_CERTIFICATE, users) == expected


CERTIFICATES = "auth_mechanisms = external\nauth_ssl_username_from_cert = yes\n"


@pytest.mark.parametrize(
    ("service", "text", "expected"),
    [
        ("imap", "", ["EXTERNAL, none, any user in /etc/dovecot/users, certificate trusted"]),
        ("smtp", "", []),
        ("imap", "auth_mechanisms = plain\nauth_ssl_require_client_cert = yes\n", [
            "PLAIN, an empty password, any user in /etc/dovecot/users, certificate trusted"]),
        ("smtp", "auth_mechanisms = plain\nauth_ssl_require_client_cert = yes\n", []),
        ("smtp", "auth_mechanisms = plain\nprotocol !smtp {\n  auth_ssl_require_client_cert = yes\n}\n", [
            "PLAIN, an empty password, any user in /etc/dovecot/users"]),
    ],
)  # fmt: skip
def test_certificates(tmp_path: Path, service: str, text: str, expected: list[str]) -> None:
    """Where one is demanded nobody gets in without it, nor with it from Postfix.

    claim: wiki 67 (1), claim: wiki 67 (2)
    """
    whole = CERTIFICATES + file(scheme="scheme=PLAIN ") + text
    assert found(tmp_path, whole, "alice:\nbob:\n", service=service) == expected


def test_a_master_user_opens_any_mailbox(tmp_path: Path) -> None:
    text = file("master = yes") + static("args = password=x; mechanisms = login")
    assert found(tmp_path, "auth_mechanisms = plain login\n" + text, USERS) == [
        f"{ALL}, read anyone's mail",
        "LOGIN, one password for all, any user name at all",
    ]


def test_a_master_user_goes_on_as_the_other_user(tmp_path: Path) -> None:
    masters = file("master = yes; result_success = continue")
    assert found(tmp_path, masters + static("args = password=x"), USERS)[1:] == [f"{ALL}, read anyone's mail"]
    assert not found(tmp_path / "skipped", masters + static("args = password=x; skip = authenticated"), USERS)[1:]


def test_many_users_take_seconds(tmp_path: Path) -> None:
    users = "".join(f"user{i}:::::::nopassword=no allow_nets=10.{i % 256}.0.0/16\n" for i in range(50_000))
    started = time.process_time()
    assert len(found(tmp_path, "auth_mechanisms = plain login\n" + file(), users)) == 512
    assert time.process_time() - started < 20


def test_a_failure_lets_in_those_whom_the_file_knows(tmp_path: Path) -> None:
    """Tried on 2.4.1: it fails at an empty field under SHA256, and static then takes the password for checked."""
    passdbs = (
        "passdb passwd-file {\n  passwd_file_path = /etc/dovecot/users\n  default_password_scheme = SHA256\n"
        "  result_internalfail = continue-ok\n}\npassdb static {\n  static_password = x\n}\n"
    )
    assert found(tmp_path, passdbs, "alice:\n", version="2.4.1") == [
        "PLAIN, any password, any user in /etc/dovecot/users",
        "PLAIN, one password for all, any user name at all",
    ]
