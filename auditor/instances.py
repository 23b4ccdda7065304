"""Which Dovecot and Postfix instances lie below a path that the user names.

The layout is what packages install: ``etc/dovecot/dovecot.conf``, and ``etc/postfix`` with main.cf and master.cf, below
``/``, ``/usr/local`` (FreeBSD hier(7)), ``/usr/pkg`` (pkgsrc) or ``/opt/local`` (MacPorts). Further Postfix instances
are ``etc/postfix-NAME`` (MULTI_INSTANCE_README).
"""

from __future__ import annotations

import os
import re
import stat
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.finding import NotChecked

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIXES: Final = ("usr/local", "usr/pkg", "opt/local", "opt/homebrew")
"""Folders below the root that package systems of their own install into, with an ``etc`` each."""
MAX_DEPTH: Final = 12
"""Folders below a named path that are looked into."""
MAX_ENTRIES: Final = 200_000
"""Directory entries looked at below one named path."""

_SKIPPED: Final = frozenset({".git", ".hg", ".svn", ".tox", ".venv", "__pycache__", "node_modules"})
_BACKUP: Final = re.compile(
    r"(?i)(?:~|[._-](?:bak|backup|old|orig|save|saved|disabled|dist|default|dpkg-\w+|rpm\w+))\d*$"
)
_DOVECOT: Final = re.compile(
    rb"(?m)^[ \t]*(?:(?:!include(?:_try)?|dovecot_config_version|protocols|listen|mail_\w+|ssl(?:_\w+)?|auth(?:_\w+)?"
    rb"|passdb|userdb|service|protocol|namespace|plugin|login_\w+|log_path|base_dir|disable_plaintext_auth"
    rb"|first_valid_uid)\b|\# \d+\.\d+[\d.]* \([0-9a-f]+\): /)"
)
_INI_SECTION: Final = re.compile(rb"(?m)^\[[\w :.-]+\][ \t]*\r?$")


class Product(StrEnum):
    """A daemon whose configuration is looked for."""

    DOVECOT = "dovecot"
    POSTFIX = "postfix"


class Instance(NamedTuple):
    """A main file and the folder it lies in, as the user would open it."""

    product: Product
    folder: str
    file: str


Entries = dict[str, bool | None]
"""The names in a folder: None for what is no folder, else whether it is a symlink to one."""


class Search:
    """What was found below the paths looked at so far."""

    def __init__(self) -> None:
        self.found: list[Instance] = []
        self.not_checked: list[NotChecked] = []
        self._seen: set[tuple[Product, str]] = set()

    def look_at(self, path: str) -> str | None:
        """Look at one named path; returns why it cannot be used."""
        try:
            mode = os.stat(path).st_mode
            if stat.S_ISDIR(mode):
                os.listdir(path)
                self._look_at_folder(path)
                return None
        except ValueError:
            return "is not a path"
        except OSError as error:
            return _reason(error)
        if not stat.S_ISREG(mode):
            return "is neither a regular file nor a folder"
        folder, name = os.path.split(path)
        if name in ("main.cf", "master.cf"):
            self._add(Product.POSTFIX, folder or ".", "main.cf")
        elif Product.DOVECOT in name:
            self._add(Product.DOVECOT, folder or ".", name)
        else:
            return "is not a dovecot.conf, main.cf or master.cf"
        return None

    def _look_at_folder(self, path: str) -> None:
        is_root = os.path.realpath(path) == "/" or os.path.lexists(os.path.join(path, "etc", "passwd"))
        if not is_root:
            self._walk(path)
            return
        for folder in ("etc", *(f"{prefix}/etc" for prefix in PREFIXES)):
            if os.path.isdir(os.path.join(path, folder)):
                self._walk(os.path.join(path, folder))

    def _add(self, product: Product, folder: str, file: str) -> None:
        key = (product, os.path.realpath(os.path.join(folder, file)))
        if key not in self._seen:
            self._seen.add(key)
            self.found.append(Instance(product, folder, file))

    def _walk(self, top: str) -> None:
        """Look through the folders below ``top``; symlinks are followed to a product's own folder only."""
        budget = MAX_ENTRIES
        pending = [(top, 0, frozenset(Product))]
        while pending:
            folder, depth, wanted = pending.pop()
            entries = self._entries(folder)
            budget -= len(entries)
            if budget < 0:
                why = f"it has more than {MAX_ENTRIES} entries; name the folders to audit"
                self.not_checked.append(NotChecked(f"the rest of {top}", why))
                return
            wanted = wanted.difference(self._instances_in(folder, entries, wanted))
            if not wanted or depth >= MAX_DEPTH:
                continue
            for name, is_link in sorted(entries.items(), reverse=True):
                if is_link is None or name in _SKIPPED or _BACKUP.search(name):
                    continue
                if not is_link:
                    pending.append((os.path.join(folder, name), depth + 1, wanted))
                elif name.startswith(tuple(Product)):
                    pending.append((os.path.join(folder, name), MAX_DEPTH, wanted))

    def _entries(self, folder: str) -> Entries:
        try:
            with os.scandir(folder) as scan:
                return {entry.name: (entry.is_symlink() if _is_folder(entry) else None) for entry in scan}
        except OSError as error:
            if _product_of(folder) is not None:
                self.not_checked.append(NotChecked(folder, _reason(error)))
            return {}

    def _instances_in(self, folder: str, entries: Entries, wanted: frozenset[Product]) -> Iterator[Product]:
        """Add the instances of a folder; yields the products that are not to be looked for below it."""
        if os.path.basename(os.path.abspath(folder)) == "etc":
            yield from self._instances_of_etc(folder, entries, wanted)
            return
        own = _product_of(folder)
        for product, file in _main_files(entries):
            known = product is own or product is Product.POSTFIX or _begins_like_dovecot(os.path.join(folder, file))
            if product in wanted and known:
                self._add(product, folder, file)
                if own is product:
                    yield product
        if own is Product.DOVECOT and own in wanted and "dovecot.conf" not in entries and _has_pieces(entries):
            why = "it has no dovecot.conf, so nothing says how its pieces are put together"
            self.not_checked.append(NotChecked(folder, why))

    def _instances_of_etc(self, etc: str, entries: Entries, wanted: frozenset[Product]) -> Iterator[Product]:
        """Look where the daemons look; what lies elsewhere below the same ``etc`` is not in use then."""
        for product in sorted(wanted):
            usual = False
            for name in sorted(entries):
                if entries[name] is None or _BACKUP.search(name):
                    continue
                if name != product and not name.startswith(f"{product}-"):
                    continue
                folder = os.path.join(etc, name)
                for found, file in _main_files(self._entries(folder)):
                    if found is product:
                        self._add(product, folder, file)
                        usual = usual or name == product
            if not usual and product is Product.DOVECOT and "dovecot.conf" in entries:
                self._add(product, etc, "dovecot.conf")
                usual = True
            if usual:
                yield product


def _reason(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else "cannot be read"


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _main_files(entries: Entries) -> Iterator[tuple[Product, str]]:
    if entries.get("dovecot.conf", True) is None:
        yield Product.DOVECOT, "dovecot.conf"
    if any(entries.get(name, True) is None for name in ("main.cf", "master.cf")):
        yield Product.POSTFIX, "main.cf"


def _product_of(folder: str) -> Product | None:
    name = os.path.basename(os.path.abspath(folder)).lower()
    return next((product for product in Product if name.startswith(product)), None)


def names_product(instance: Instance) -> bool:
    """Whether the folder's own name says which product it belongs to, as ``/etc/dovecot`` does."""
    return _product_of(instance.folder) is instance.product


def _has_pieces(entries: Entries) -> bool:
    return entries.get("conf.d") is not None or any(name.endswith((".conf", ".conf.ext")) for name in entries)


def _begins_like_dovecot(path: str) -> bool:
    """Whether a dovecot.conf is Dovecot's own; fail2ban, rsyslog, monit and others have files of that name.

    What cannot be read counts as Dovecot's, so that its reader says why.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return True
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            start = file.read(65536)
    except OSError:
        return True
    return not _INI_SECTION.search(start) and _DOVECOT.search(start) is not None
