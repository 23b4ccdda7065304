"""Which versions of the daemons a host has, read from its package databases; nothing is run.

Databases: dpkg's ``status`` (deb-control(5)), apk's ``installed`` (apk-package(5)), pacman's ``local`` folder
(pacman(8)). RPM's is a binary database and is not read. A main.cf says nothing sound about the version:
``compatibility_level`` is only a lower bound, and an older Postfix merely warns of it (COMPATIBILITY_README).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from auditor.host import Host

_UPSTREAM: Final = re.compile(r"(?:\d+:)?(\d+(?:\.\d+)+)")

OPENSSL_PACKAGES: Final = ("libssl3t64", "libssl3", "libssl1.1", "libssl1.0.2", "libssl1.0.0")
"""The names of its package in Debian and Ubuntu, and in Alpine, the newest first."""


class Version(NamedTuple):
    """A version number, and the word for where it is known from."""

    number: str
    known_from: str


def upstream(version: str) -> str | None:
    """Return the daemon's own version in a package's: 2.3.19.1 in ``1:2.3.19.1+dfsg1-2.1``; None without one."""
    match = _UPSTREAM.match(version)
    return match[1] if match else None


def dovecot_version(host: Host) -> Version | None:
    """Return the version of Dovecot that the host's packages name."""
    return _from_dpkg(host, "dovecot-core") or _from_apk(host, "dovecot") or _from_pacman(host, "dovecot")


def postfix_version(host: Host) -> Version | None:
    """Return the version of Postfix that the host's packages name."""
    return _from_dpkg(host, "postfix") or _from_apk(host, "postfix") or _from_pacman(host, "postfix")


def openssl_version(host: Host) -> Version | None:
    """Return the version of OpenSSL's library that the host's packages name, the newest where there are several."""
    for package in OPENSSL_PACKAGES:
        if found := _from_dpkg(host, package) or _from_apk(host, package):
            return found
    return _from_pacman(host, "openssl")


def _database(host: Host, name: str) -> bytes:
    data = host.read_bytes(name) if host.whole else b""
    return data if isinstance(data, bytes) else b""


def _field(paragraph: bytes, name: bytes) -> str:
    match = re.search(rb"(?m)^" + name + rb":[ ]?(.*)$", paragraph)
    return match[1].decode("utf-8", "replace").strip() if match else ""


def _paragraph(data: bytes, first_line: bytes) -> bytes:
    start = 0 if data.startswith(first_line + b"\n") else data.find(b"\n" + first_line + b"\n") + 1
    if start == 0 and not data.startswith(first_line + b"\n"):
        return b""
    end = data.find(b"\n\n", start)
    return data[start : end if end >= 0 else len(data)]


def _version(text: str, known_from: str) -> Version | None:
    number = upstream(text)
    return Version(number, known_from) if number else None


def _from_dpkg(host: Host, package: str) -> Version | None:
    paragraph = _paragraph(_database(host, "/var/lib/dpkg/status"), b"Package: " + package.encode())
    if not _field(paragraph, b"Status").endswith(" installed"):
        return None
    return _version(_field(paragraph, b"Version"), "dpkg")


def _from_apk(host: Host, package: str) -> Version | None:
    data = _database(host, "/lib/apk/db/installed") or _database(host, "/usr/lib/apk/db/installed")
    return _version(_field(_paragraph(data, b"P:" + package.encode()), b"V"), "apk")


def _from_pacman(host: Host, package: str) -> Version | None:
    entries = host.entries("/var/lib/pacman/local") if host.whole else []
    for entry in entries if isinstance(entries, list) else []:
        match = re.fullmatch(re.escape(package) + r"-([^-]+)-[^-]+", entry)
        if match:
            return _version(match[1], "pacman")
    return None
