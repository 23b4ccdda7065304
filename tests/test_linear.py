"""Twice the text is at most twice the work, counted in calls of functions, for every shape that could be worse.

What one call of a C function does is not counted: tests/test_robustness.py limits the processor time of large texts.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from auditor.discover import discover
from auditor.dovecot.includes import MAX_INCLUDES
from auditor.read import Versions, read_hosts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

    Shape = Callable[[int], str]

SIZE = 1000
"""Lines, words, characters or sections; tests/test_robustness.py has the large ones."""
MORE = 1.1
"""How much more work than for the text before it is let pass: tables that grow."""
ANYHOW = 3000
"""Calls that do not depend on the size."""
HEAD = {"2.3": "", "2.4": "dovecot_config_version = 2.4.1\ndovecot_storage_version = 2.4.1\n"}

DOVECOT: dict[str, Shape] = {
    "a value of one word": lambda size: "mail_location = " + "x" * size + "\n",
    "words": lambda size: "login_greeting = " + "x " * (size // 2) + "\n",
    "a key of one word": lambda size: "x" * size + " = y\n",
    "a line of one word": lambda size: "x" * size + "\n",
    "quotes": lambda size: "login_greeting = " + "\"'" * (size // 2) + "\n",
    "backslashes": lambda size: 'login_greeting = "' + "\\" * size + '"\n',
    "hashes": lambda size: "login_greeting = " + '"#' * (size // 2) + "\n",
    "white space": lambda size: " " * size + "\n" + "\t" * size + "#\n",
    "variables": lambda size: "login_greeting = " + "$x " * size + "\n",
    "variables in braces": lambda size: "login_greeting = " + "%{x}" * size + "\n",
    "continuation lines": lambda size: "login_greeting = a \\\n" + " b \\\n" * size + "c\n",
    "lines that continue into nothing": lambda size: "a \\\n\n" * size,
    "comments": lambda size: "# a\n\n" * (size // 2),
    "nested sections": lambda size: "service a {\n" * size + "}\n" * size,
    "nested filters": lambda size: "protocol imap {\n" * size + "}\n" * size,
    "sections that stay open": lambda size: "service a {\n" * size,
    "sections side by side": lambda size: "".join(f"service s{n} {{\n}}\n" for n in range(size)),
    "errors": lambda size: "{\n" * size,
}
POSTFIX: dict[str, tuple[str, Shape]] = {
    "a value of one word": ("main.cf", lambda size: "smtpd_banner = " + "x" * size + "\n"),
    "a name of one word": ("main.cf", lambda size: "x" * size + " = y\n"),
    "a line of one word": ("main.cf", lambda size: "x" * size + "\n"),
    "white space": ("main.cf", lambda size: " " * size + "\n" + "a =" + " " * size + "\n"),
    "restrictions": ("main.cf", lambda size: "smtpd_relay_restrictions = " + "reject, " * size + "\n"),
    "dollars": ("main.cf", lambda size: "smtpd_banner = " + "$" * size + "\n"),
    "references": ("main.cf", lambda size: "smtpd_banner = " + "$mail_name " * size + "\n"),
    "continuation lines": ("main.cf", lambda size: "smtpd_banner = a\n" + " b\n" * size),
    "comments in a value": ("main.cf", lambda size: "smtpd_banner = a\n" + "# c\n b\n" * size),
    "orphans": ("main.cf", lambda size: " b\n" * size + "a = b\n"),
    "nested braces": ("main.cf", lambda size: "smtpd_banner = " + "${a?{" * size + "}}" * size + "\n"),
    "nested tables": ("main.cf", lambda size: "alias_maps = " + "pipemap:{" * size + "}" * size + "\n"),
    "a chain of references": ("main.cf", lambda size: "".join(f"p{n} = $p{n + 1}\n" for n in range(size))),
    "references that go round": (
        "main.cf",
        lambda size: "".join(f"p{n} = $p{(n + 1) % size}\n" for n in range(size)),
    ),
    "classes that go round": (
        "main.cf",
        lambda size: (
            "smtpd_restriction_classes = "
            + " ".join(f"c{n}" for n in range(size))
            + "".join(f"\nc{n} = c{(n + 1) % size}" for n in range(size))
            + "\nsmtpd_relay_restrictions = c0\n"
        ),
    ),
    "an argument of one word": ("master.cf", lambda size: f"smtp inet n - y - - smtpd {'x' * size}\n"),
    "options on lines": ("master.cf", lambda size: "smtp inet n - y - - smtpd\n" + " -o a=b\n" * size),
    "nested options": ("master.cf", lambda size: "smtp inet n - y - - smtpd " + "-o { a = " * size + "\n"),
    "fields that are missing": ("master.cf", lambda size: "smtp inet\n" * size),
}


def work(etc: Path) -> int:
    """Return how many functions are called to read a tree."""
    count = 0

    def counted(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    found = discover([str(etc)])
    sys.setprofile(counted)
    try:
        hosts, failures = read_hosts(found, Versions())
    finally:
        sys.setprofile(None)
    assert hosts
    assert not failures
    return count


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    for folder in ("dovecot/conf.d", "postfix"):
        (tmp_path / "etc" / folder).mkdir(parents=True)
    return tmp_path / "etc"


def is_linear(etc: Path, write: Callable[[int], object], size: int = SIZE) -> None:
    """The last quarter costs no more than the one before it; bounds, such as a depth, are reached sooner."""
    costs = []
    for part in (2, size // 2, size * 3 // 4, size):
        write(part)
        costs.append(work(etc))
    _, half, most, whole = costs
    assert whole - most <= MORE * (most - half) + ANYHOW


@pytest.mark.parametrize("dialect", HEAD)
@pytest.mark.parametrize("shape", DOVECOT)
def test_dovecot(etc: Path, shape: str, dialect: str) -> None:
    make = DOVECOT[shape]
    main = etc / "dovecot/dovecot.conf"
    is_linear(etc, lambda size: main.write_text(HEAD[dialect] + make(size)))


@pytest.mark.parametrize("shape", POSTFIX)
def test_postfix(etc: Path, shape: str) -> None:
    name, make = POSTFIX[shape]
    for other in ("main.cf", "master.cf"):
        (etc / "postfix" / other).write_text("")
    is_linear(etc, lambda size: (etc / "postfix" / name).write_text(make(size)))


@pytest.mark.parametrize("dialect", HEAD)
@pytest.mark.parametrize("line", ["!include conf.d/*.conf\n", ""], ids=["one line", "a line for each"])
def test_included_files(etc: Path, line: str, dialect: str) -> None:
    def write(size: int) -> None:
        for number in range(size):
            (etc / f"dovecot/conf.d/{number}.conf").write_text("mail_debug = no\n")
        lines = line or "".join(f"!include conf.d/{number}.conf\n" for number in range(size))
        (etc / "dovecot/dovecot.conf").write_text(HEAD[dialect] + lines)

    is_linear(etc, write, 400)


@pytest.mark.parametrize("dialect", HEAD)
def test_a_file_that_is_included_again_and_again(etc: Path, dialect: str) -> None:
    (etc / "dovecot/a.conf").write_text("mail_debug = no\n")
    main = etc / "dovecot/dovecot.conf"
    is_linear(etc, lambda size: main.write_text(HEAD[dialect] + "!include a.conf\n" * size))


@pytest.mark.parametrize("dialect", HEAD)
def test_a_chain_of_includes(etc: Path, dialect: str) -> None:
    def write(size: int) -> None:
        for number in range(size):
            (etc / f"dovecot/{number}.conf").write_text(f"!include {number + 1}.conf\n")
        (etc / f"dovecot/{size}.conf").write_text("mail_debug = no\n")
        (etc / "dovecot/dovecot.conf").write_text(HEAD[dialect] + "!include 0.conf\n")

    is_linear(etc, write, 200)


@pytest.mark.parametrize("dialect", HEAD)
def test_includes_that_go_round(etc: Path, dialect: str) -> None:
    """Each of 40 files includes all of them: the daemon takes as many ways as there are permutations."""
    (etc / "dovecot/dovecot.conf").write_text(HEAD[dialect] + "!include conf.d/*.conf\n")
    for number in range(40):
        (etc / f"dovecot/conf.d/{number}.conf").write_text("!include *.conf\n!include ../dovecot.conf\n")
    assert work(etc) < 250 * MAX_INCLUDES
    ((one,),) = (host.dovecot for host in read_hosts(discover([str(etc)]), Versions())[0])
    assert any(f"more than {MAX_INCLUDES} includes" in entry.why for entry in one.not_checked)
