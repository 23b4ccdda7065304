"""Versions from package databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor.host import Host, Mount
from auditor.versions import dovecot_version, postfix_version, upstream

if TYPE_CHECKING:
    from pathlib import Path

DPKG = """\
Package: dovecot-core-doc
Status: install ok installed
Version: 9.9

Package: dovecot-core
Status: install ok installed
Priority: optional
Version: 1:2.3.19.1+dfsg1-2.1+deb12u1
Description: secure POP3/IMAP server
 Version: 1.0 in the description does not count

Package: postfix
Status: {status}
Version: 3.7.11-0+deb12u1
"""


def host(root: Path, name: str, text: str) -> Host:
    path = root / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return Host((Mount("/", str(root)),))


def test_dpkg(tmp_path: Path) -> None:
    one = host(tmp_path, "var/lib/dpkg/status", DPKG.format(status="install ok installed"))
    assert dovecot_version(one) == ("2.3.19.1", "dpkg")
    assert postfix_version(one) == ("3.7.11", "dpkg")


def test_a_removed_package_has_no_version(tmp_path: Path) -> None:
    one = host(tmp_path, "var/lib/dpkg/status", DPKG.format(status="deinstall ok config-files"))
    assert postfix_version(one) is None


@pytest.mark.parametrize("folder", ["lib", "usr/lib"])
def test_apk(tmp_path: Path, folder: str) -> None:
    text = "C:Q1x=\nP:busybox\nV:1.36\n\nC:Q1y=\nP:dovecot\nV:2.3.21.1-r0\nA:x86_64\n\nP:postfix\nV:3.9.1-r0\n\n"
    one = host(tmp_path, f"{folder}/apk/db/installed", text)
    assert dovecot_version(one) == ("2.3.21.1", "apk")
    assert postfix_version(one) == ("3.9.1", "apk")


def test_pacman(tmp_path: Path) -> None:
    one = host(tmp_path, "var/lib/pacman/local/dovecot-2.4.1-2/desc", "")
    (tmp_path / "var/lib/pacman/local/postfix-3.10.2-1").mkdir()
    (tmp_path / "var/lib/pacman/local/postfix-mysql-3.9.9-1").mkdir()
    assert dovecot_version(one) == ("2.4.1", "pacman")
    assert postfix_version(one) == ("3.10.2", "pacman")


@pytest.mark.parametrize(
    "text",
    ["", "\0\xff", "Package: postfix", "Package: postfix\n", "Package: postfix\nStatus: x installed\nVersion: git\n"],
)
def test_broken_databases_say_nothing(tmp_path: Path, text: str) -> None:
    assert postfix_version(host(tmp_path, "var/lib/dpkg/status", text)) is None


def test_a_tree_without_a_root_has_no_database(tmp_path: Path) -> None:
    assert postfix_version(Host((Mount("/etc/postfix", str(tmp_path)),))) is None


@pytest.mark.parametrize(
    ("package", "version"),
    [("1:2.4.1+dfsg1-6", "2.4.1"), ("3.6.4-1ubuntu1.3", "3.6.4"), ("2.4.5", "2.4.5"), ("git20250101", None)],
)
def test_upstream(package: str, version: str | None) -> None:
    assert upstream(package) == version
