"""Dovecot 2.3 as mailaudit reads it, against doveconf 2.3.19.1."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from daemons import SHARED
from dovecot23_exceptions import CASES, LINES_ONLY, OF_THE_HOST, TEXTS, TREES
from trees_dovecot23 import trees

from auditor.dovecot.configuration import Configuration, Scope
from auditor.dovecot.read import read_dovecot
from auditor.host import Host, Mount, Unreadable
from auditor.text import escaped

REPOSITORY = Path(__file__).parents[2]
SUITE, VERSION = "bookworm", "2.3.19.1"
BODIES = (REPOSITORY / "tests/data/dovecot23-texts.txt").read_text("utf-8").split("---\n")
NO_CORPUS = "no corpus beside the repository"
ONLY_EXPANDED = ("Unknown variable: ", "Invalid variable: ")
"""What doveconf says only when it expands values (-x), as it does for the daemon."""
TREES_HERE = trees()
CASES_HERE = {main.parent.name: main.parent for main in sorted(SHARED.glob("peer-tests/oracle-dovecot23/*/t.conf"))}
needs_shared = pytest.mark.skipif(not TREES_HERE, reason=NO_CORPUS)


def read(tree: Path, main: str, oracle: Any) -> Configuration:
    """Read a tree as it lies in the chroot, with the files that Debian's packages put beside it."""
    folder = tree if tree.is_dir() else tree.parent
    packaged = Path(oracle.BASE) / SUITE / "usr/share/dovecot"
    host = Host((Mount("/etc/dovecot", str(folder)), Mount("/usr/share/dovecot", str(packaged))))
    configuration = read_dovecot(host, f"/etc/dovecot/{main}", VERSION, "dpkg")
    assert not isinstance(configuration, Unreadable)
    return configuration


def comparable(settings: dict[str, str]) -> dict[str, str]:
    """doveconf prints blanks around a value in quotes, but not when a word in it looks like a secret."""
    return {name: value.strip() for name, value in settings.items() if name.rpartition("/")[2] not in OF_THE_HOST}


def shown(configuration: Configuration, scope: Scope | None = None) -> dict[str, str]:
    return comparable({name: one.value for name, one in configuration.settings(scope).items()})


def arguments(scope: Scope) -> list[str]:
    pairs = (
        ("protocol", scope.protocol),
        ("local", scope.local),
        ("remote", scope.remote),
        ("lname", scope.local_name),
    )
    return [word for name, value in pairs if value for word in ("-f", f"{name}={value}")]


def refusal(errors: list[str]) -> tuple[int | None, str]:
    """The line that doveconf names, if any, and its words; what a child of it said comes before."""
    frame = re.compile(r"doveconf: Fatal: Error in configuration file \S+?(?: line (\d+))?: (.*)")
    matches = [match for error in errors if (match := frame.match(error))]
    assert matches, errors
    match = matches[-1]
    return (int(match[1]) if match[1] else None), match[2]


def compare(oracle: Any, tree: Path, main: str, *, words: bool = True) -> None:
    configuration = read(tree, main, oracle)
    status, text, errors, _ = oracle.dovecot_check(SUITE, tree, main=main)
    problems = configuration.problems
    if status == 0:
        for problem in problems:
            assert problem.message.startswith(ONLY_EXPANDED), problem
        if problems:
            status, _, errors, _ = oracle.dovecot_check(SUITE, tree, args=("-x",), main=main)
            assert status != 0
            assert problems[0].message in escaped(errors[-1]) or "Can't open file" in errors[-1]
        assert shown(configuration) == comparable(oracle.parse_tree(text))
        return
    line, message = refusal(errors)
    assert problems, errors
    assert line in (None, problems[0].span.end_line)
    assert not words or problems[0].message == escaped(message)


@pytest.mark.parametrize("body", range(len(BODIES)))
def test_texts(oracle: Any, body: int, tmp_path: Path) -> None:
    if any(part in BODIES[body] for part in TEXTS):
        pytest.skip("a listed exception")
    (tmp_path / "dovecot.conf").write_text(BODIES[body], "utf-8")
    compare(oracle, tmp_path, "dovecot.conf")


@pytest.mark.parametrize(
    "text", ["\ufeffmail_debug = yes\n", "mail_debug = yes\r\nprotocol imap {\r\n mail_debug = no\r\n}\r\n"]
)
def test_texts_with_odd_characters(oracle: Any, text: str, tmp_path: Path) -> None:
    (tmp_path / "dovecot.conf").write_bytes(text.encode())
    compare(oracle, tmp_path, "dovecot.conf")


FILTERS = """
mail_plugins = acl
protocol imap {
  mail_plugins = $mail_plugins quota
  passdb {
    driver = pam
  }
}
passdb {
  driver = shadow
}
protocol !pop3 {
  mail_debug = yes
}
local 10.0.0.0/8 {
  ssl_cert = </b
}
local 10.0.0.1 {
  ssl_cert = </a
}
local_name *.example.org {
  ssl_key = </c
}
local_name "a b" {
  ssl_key = </d
}
local_name mail.example.org {
  ssl_key = </e
}
remote 1.2.3.0/24 {
  disable_plaintext_auth = no
  protocol imap {
    imap_id_log = *
  }
}
plugin {
  a = 1
}
protocol imap {
  plugin {
    a = 2
    b = 3
  }
  service imap {
    process_limit = 4
  }
}
namespace inbox {
  inbox = yes
}
protocol imap {
  namespace inbox {
    prefix = INBOX/
  }
  namespace {
    prefix = x/
  }
}
"""


@pytest.mark.parametrize(
    "scope",
    [
        Scope("imap"),
        Scope("pop3"),
        Scope(local="10.0.0.1"),
        Scope(local_name="mail.example.org"),
        Scope("imap", remote="1.2.3.4"),
        Scope("imap", "10.0.0.1", local_name="a"),
        Scope(local="10.0.0.0/24"),
    ],
    ids=str,
)
def test_filters(oracle: Any, scope: Scope, tmp_path: Path) -> None:
    (tmp_path / "dovecot.conf").write_text(FILTERS, "utf-8")
    configuration = read(tmp_path, "dovecot.conf", oracle)
    _, text, errors, _ = oracle.dovecot_check(SUITE, tmp_path, args=("-n", *arguments(scope)))
    assert errors == []
    assert shown(configuration, scope) == comparable(oracle.parse_tree(text))


@needs_shared
@pytest.mark.parametrize("name", CASES_HERE)
def test_cases(oracle: Any, name: str) -> None:
    if name in CASES:
        pytest.skip(CASES[name])
    compare(oracle, CASES_HERE[name], "t.conf")


@needs_shared
@pytest.mark.parametrize("name", TREES_HERE)
def test_trees(oracle: Any, name: str) -> None:
    if name in TREES:
        pytest.skip(TREES[name])
    compare(oracle, *TREES_HERE[name], words=name not in LINES_ONLY)


@needs_shared
@pytest.mark.parametrize("name", TREES_HERE)
def test_trees_with_filters(oracle: Any, name: str) -> None:
    if name in TREES:
        pytest.skip(TREES[name])
    tree, main = TREES_HERE[name]
    configuration = read(tree, main, oracle)
    if configuration.problems:
        pytest.skip("refused")
    connections = [scope for scope in configuration.scopes() if scope.local or scope.local_name or scope.remote]
    for scope in (Scope("imap"), *connections[:2]):
        status, text, errors, _ = oracle.dovecot_check(SUITE, tree, args=("-n", *arguments(scope)), main=main)
        assert status == 0, errors
        assert shown(configuration, scope) == comparable(oracle.parse_tree(text))


def test_defaults(oracle: Any, tmp_path: Path) -> None:
    """All defaults, hidden ones and those of services included."""
    (tmp_path / "dovecot.conf").write_text("", "utf-8")
    configuration = read(tmp_path, "dovecot.conf", oracle)
    _, text, _, _ = oracle.dovecot_check(SUITE, tmp_path, args=("-s", "-P"))
    wanted = comparable(oracle.parse_tree(text))
    found = comparable({name: one.value for name, one in configuration.settings(defaults=True).items()})
    assert {name: value for name, value in found.items() if value != wanted.get(name)} == {}
    assert set(wanted) == set(found)
