"""What the model says of one Dovecot instance, where no rule's case can show it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from auditor.dovecot.read import read_dovecot
from auditor.host import Host, Mount, Unreadable
from auditor.model.dovecot import Dovecot

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "dovecot_config_version = 2.4.1\ndovecot_storage_version = 2.4.1\nprotocols = imap pop3\n"

LISTENER = "service {}-login {{\n  inet_listener a {{\n    address = *\n    port = {}\n  }}\n}}\n"


def dovecot(tmp_path: Path, text: str, version: str) -> Dovecot:
    folder = tmp_path / "etc/dovecot"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dovecot.conf").write_text(text)
    host = Host((Mount("/", str(tmp_path)),))
    configuration = read_dovecot(host, "/etc/dovecot/dovecot.conf", version)
    assert not isinstance(configuration, Unreadable)
    return Dovecot(configuration, host, asked_by_postfix=False)


def names(number: int, lines: str) -> str:
    return "".join(f"local_name host{i}.example.org {{\n{lines}}}\n" for i in range(number))


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("2.3.19", "ssl = yes\nssl_cert = </a\nssl_key = </b\n" + names(1500, "  ssl_cert = </c\n  ssl_key = </d\n")),
        ("2.4.1", HEADER + "ssl = yes\n" + names(1500, "  ssl_server_cert_file = /c\n  ssl_server_key_file = /d\n")),
    ],
)
def test_a_block_for_each_of_many_server_names_takes_seconds(tmp_path: Path, version: str, text: str) -> None:
    started = time.process_time()
    contexts = dovecot(tmp_path, text, version).tls_contexts
    assert len(contexts) == 2 * 1501
    # With each block tried for each name it is minutes.
    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    ("settings", "mechanisms"),
    [
        ("", {"plain"}),
        ("auth_mechanisms = PLAIN Login\n", {"plain", "login"}),
        ("protocol imap {\n  auth_mechanisms = external\n}\n", {"plain"}),
    ],
)
def test_mechanisms_are_those_of_the_global_setting(tmp_path: Path, settings: str, mechanisms: set[str]) -> None:
    assert dovecot(tmp_path, settings, "2.3.19").mechanisms.keys() == mechanisms
    assert dovecot(tmp_path, HEADER + settings, "2.4.1").mechanisms.keys() == mechanisms


def test_a_block_that_one_protocol_changes_is_two_passdbs(tmp_path: Path) -> None:
    block = "passdb users {\n  driver = passwd-file\n  passwd_file_path = /etc/dovecot/users\n}\n"
    changed = "protocol imap {\n  passdb users {\n    mechanisms_filter = external\n  }\n}\n"
    found = dovecot(tmp_path, HEADER + block + changed, "2.4.1")
    assert [(passdb.protocol, passdb.admits("plain")) for passdb in found.passdbs] == [("imap", False), ("", True)]
    unchanged = dovecot(tmp_path, HEADER + block + "protocol imap {\n  passdb users {\n  }\n}\n", "2.4.1")
    assert [passdb.protocol for passdb in unchanged.passdbs] == [""]


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("listen = 127.0.0.1, ::1\n", True),
        ("listen = *, ::\n", False),
        ("listen = 127.0.0.1\n" + LISTENER.format("imap", 9), False),
        ("listen = 127.0.0.1\n" + LISTENER.format("imap", 0), True),
        ("protocols = imap\nlisten = 127.0.0.1\n" + LISTENER.format("pop3", 9), True),
    ],
)
def test_listeners_on_loopback(tmp_path: Path, text: str, *, only: bool) -> None:
    assert dovecot(tmp_path, text, "2.3.19").listeners.only_on_loopback is only
