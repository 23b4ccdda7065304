"""The passdbs that let people in who know nothing, where no rule's case can show it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from instances import instance

from auditor.access.open_passdb import Hole
from auditor.finding import Severity

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.access.dovecot import DovecotAccess

FILE = "passdb {\n  driver = passwd-file\n  args = scheme=PLAIN /etc/dovecot/users\n}\n"
STATIC = "passdb {{\n  driver = static\n  args = nopassword\n  {}\n}}\n"


def access(tmp_path: Path, text: str, users: str = "") -> DovecotAccess:
    return instance(tmp_path, "2.3.19", {"dovecot.conf": f"protocols = imap pop3\n{text}", "users": users})


def test_many_users_take_seconds(tmp_path: Path) -> None:
    users = "".join(f"user{i}:::::::nopassword=no allow_nets=10.{i % 256}.0.0/16\n" for i in range(50_000))
    started = time.process_time()
    found = access(tmp_path, FILE, users)
    (hole,) = found.open_passdbs.of(Hole.ANY_PASSWORD)
    assert hole.who == (
        "anyone from 10.0.0.0/8 can log in as 196 of the 50000 users in /etc/dovecot/users, and others, with any"
        " password (imap, pop3)"
    )
    assert len(found.denied_fields) == 1
    assert time.process_time() - started < 20


def test_what_is_no_list_of_users_is_not_shown_as_one(tmp_path: Path) -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqh\n-----END PRIVATE KEY-----\n"
    found = access(tmp_path, FILE, key)
    assert not any(found.open_passdbs.of(hole) for hole in Hole)
    for hole in (Hole.ANY_PASSWORD, Hole.EMPTY_PASSWORD):
        (unknown,) = found.open_passdbs.undecided(hole)
        assert unknown.why.endswith("/etc/dovecot/users holds keys or certificates")


def test_a_name_with_a_password_behind_it_is_cut(tmp_path: Path) -> None:
    found = access(tmp_path, "auth_username_chars =\n" + FILE, "smtp.example.org hunter2\nbob:{SHA}x\n")
    (hole,) = found.open_passdbs.of(Hole.EMPTY_PASSWORD)
    assert {login.users for login in hole.logins} == {"smtp.example.org of /etc/dovecot/users"}


@pytest.mark.parametrize(("separator", "protocols"), [("", " (imap)"), ("auth_master_user_separator = *\n", " (imap)")])
def test_masters_are_those_of_their_protocol(tmp_path: Path, separator: str, protocols: str) -> None:
    master = STATIC.format("master = yes")
    found = access(tmp_path, f"{separator}protocol imap {{\n{master}}}\n{FILE}", "alice:{PLAIN}x\n")
    assert [hole.protocols for hole in found.open_passdbs.of(Hole.MASTER)] == [protocols]


@pytest.mark.parametrize(
    ("settings", "severities"),
    [
        ("", [Severity.CRITICAL]),
        ("auth_ssl_require_client_cert = yes\n", [Severity.HIGH]),
        # Each certificate opens the mailbox of its own name, which is what such a passdb is for.
        ("auth_ssl_require_client_cert = yes\nauth_ssl_username_from_cert = yes\n", []),
    ],
)
def test_a_certificate_that_is_required_is_a_secret(tmp_path: Path, settings: str, severities: list[Severity]) -> None:
    found = access(tmp_path, settings + STATIC.format(""))
    assert [hole.severity for hole in found.open_passdbs.of(Hole.ANY_PASSWORD)] == severities


def test_a_login_that_hangs_on_another_database_is_undecided(tmp_path: Path) -> None:
    first = "passdb {\n  driver = pam\n  result_success = continue\n}\n"
    found = access(tmp_path, first + STATIC.format("skip = unauthenticated"))
    assert not found.open_passdbs.of(Hole.ANY_PASSWORD)
    assert "what pam answers is known only when it runs" in {
        unknown.why for unknown in found.open_passdbs.undecided(Hole.ANY_PASSWORD)
    }
