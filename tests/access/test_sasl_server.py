"""Whom an smtpd service lets log in hangs on who answers at its SASL socket; tests/live asks the daemons, too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from auditor.access.table import Access
from auditor.discover import discover
from auditor.model import build_model
from auditor.read import Versions, read_hosts

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "var/spool/postfix/private"
SOCKET = f"/{FOLDER}/auth"


def dovecot(*, users: str, listener: str) -> str:
    return f"""
protocols = imap
passdb {{
  driver = passwd-file
  args = /etc/dovecot/{users}
}}
service auth {{
  {listener}
}}
"""


def unix(path: str, mode: str, user: str = "postfix") -> str:
    return f"unix_listener {path} {{\n    mode = {mode}\n    user = {user}\n  }}"


def offered(tmp_path: Path, path: str, *instances: str, folder: bool = True) -> tuple[str, bool]:
    """Return the users that a service offers to log in and what is not known of them, and whether smtpd ends."""
    (tmp_path / "etc/postfix").mkdir(parents=True)
    (tmp_path / "etc/postfix/main.cf").write_text(
        f"smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = {path}\n"
    )
    (tmp_path / "etc/postfix/master.cf").write_text("smtp inet n - n - - smtpd\n")
    for number, text in enumerate(instances):
        (tmp_path / f"etc/dovecot{number}").mkdir()
        (tmp_path / f"etc/dovecot{number}/dovecot.conf").write_text(text)
    if folder:
        (tmp_path / FOLDER).mkdir(parents=True)
    found = discover([str(tmp_path / "etc/postfix"), *(str(one) for one in (tmp_path / "etc").glob("dovecot?"))])
    (host,), failures = read_hosts(found, Versions("2.3.19", "3.7.11"))
    assert not failures
    assert len(host.dovecot) == len(instances)
    model = build_model(host.host, host.dovecot, host.postfix, datetime(2026, 11, 22, tzinfo=UTC))
    offer = Access(model).smtpd[0].sasl.offer(tls=False)
    said = (f"{login.users}{' perhaps' if login.unknown else ''}" for login in offer.logins)
    return ", ".join(dict.fromkeys(said)), offer.dead


ALICES = "any user in /etc/dovecot/alices perhaps"


@pytest.mark.parametrize(
    ("path", "listener", "expected"),
    [
        ("private/auth", unix(SOCKET, "0660"), (ALICES, False)),
        (f"unix:{SOCKET}", unix(SOCKET, "0666", "root"), (ALICES, False)),
        ("private/auth", unix(SOCKET, "0600", "root"), ("", True)),
        ("private/other", unix(SOCKET, "0660"), ("", True)),
        ("inet:127.0.0.1:12345", "inet_listener {\n    port = 12345\n  }", (ALICES, False)),
        (
            "inet:192.0.2.7:12345",
            "inet_listener {\n    port = 12345\n  }",
            ("users of the SASL server at inet:192.0.2.7:12345 perhaps", False),
        ),
    ],
)
def test_only_those_who_answer_let_anybody_in(
    tmp_path: Path, path: str, listener: str, expected: tuple[str, bool]
) -> None:
    assert offered(tmp_path, path, dovecot(users="alices", listener=listener)) == expected


def test_nobody_may_answer_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    one = dovecot(users="alices", listener=unix("/elsewhere/auth", "0660"))
    assert offered(tmp_path, "private/auth", one, folder=False) == (
        f"users of the SASL server at {SOCKET} perhaps",
        False,
    )


def test_of_two_instances_the_one_that_listens_there_answers(tmp_path: Path) -> None:
    one = dovecot(users="bobs", listener=unix("/elsewhere/auth", "0660"))
    two = dovecot(users="alices", listener=unix(SOCKET, "0660"))
    assert offered(tmp_path, "private/auth", one, two) == (ALICES, False)
