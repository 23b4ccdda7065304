"""The user names that a chain of passdbs tells apart, each kind once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.access.chain import accepts_name
from auditor.access.facts import Unknown
from auditor.access.fields import RENAMING_FIELDS
from auditor.access.usernames import formatting
from auditor.files.passwd_file import Entry, PasswdFile
from auditor.model.vocabulary import spelled
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from auditor.access.usernames import Formatting
    from auditor.dovecot.configuration import Scope
    from auditor.model.dovecot import Dovecot
    from auditor.model.passdb import Passdb

NOBODY: Final = "nobody-at-all"
"""A name that stands for those that are in no file."""
_TELLING_FIELDS: Final = frozenset(
    {"nopassword", "noauthenticate", "fail", "allow_nets", "allow_real_nets", "nologin", "proxy", "proxy_maybe"}
).union(RENAMING_FIELDS)
"""Extra fields that make a difference to who gets in."""
_IN_FILE: Final = re.compile(r"%\{passwd_file:([^}|: ]+)")


class NameClass(NamedTuple):
    """Names that no passdb of a chain tells apart: one of them, how many there are, and its entry in each file.

    ``others`` is the class of the names that are in no file. ``filter`` is the username filter that a name was made up
    to pass, empty for a name that is written somewhere.
    """

    name: str
    entries: Mapping[Passdb, Entry | None]
    number: int = 1
    others: bool = False
    filter: str = ""


class Names:
    """How names are read by one protocol's passdbs."""

    def __init__(self, dovecot: Dovecot, scope: Scope) -> None:
        self._dovecot = dovecot
        self._format = dovecot.get("auth_username_format", scope)
        self._formatting = formatting(self._format.value if self._format else "")
        realm = dovecot.get("auth_default_domain" if dovecot.dialect == "2.4" else "auth_default_realm", scope)
        self._realm = realm.value if realm else ""
        characters = dovecot.get("auth_username_chars", scope)
        self._characters = frozenset(characters.value) if characters else frozenset()

    @property
    def unknown(self) -> tuple[Unknown, ...]:
        """Why it cannot be said how names are read."""
        if self._formatting or self._format is None:
            return ()
        return (Unknown(f"auth_username_format = {shortened(self._format.value)}", "it holds variables of a login"),)

    def looked_up(self, name: str) -> str | None:
        """Return what the auth service makes of a client's name; None for one that it refuses."""
        if self._realm and "@" not in name:
            name = f"{name}@{self._realm}"
        if self._characters and not self._characters.issuperset(name):
            return None
        return (self._formatting(name) if self._formatting else name) or None

    def classes(self, passdbs: Sequence[Passdb]) -> tuple[NameClass, ...]:
        """Sort the names in the files and filters of some passdbs, those of nobody last."""
        files = {
            passdb: (
                {entry.user: entry for entry in passdb.users.entries},
                formatting(username_format(passdb)) or (lambda name: name),
            )
            for passdb in passdbs
            if isinstance(passdb.users, PasswdFile)
        }
        found: dict[tuple[object, ...], NameClass] = {}
        for name, filter_ in self._candidates(files, passdbs):
            if (asked := self.looked_up(name)) is None:
                continue
            entries = {passdb: known.get(form(asked)) for passdb, (known, form) in files.items()}
            accepted = tuple(accepts_name(passdb, asked) for passdb in passdbs if passdb.username_filter)
            others = name is NOBODY
            key = (accepted, others, *(_telling(passdb, entry) for passdb, entry in entries.items()))
            same = found.get(key)
            found[key] = (
                same._replace(number=same.number + 1) if same else NameClass(asked, entries, 1, others, filter_)
            )
        return tuple(found.values())

    def _candidates(
        self, files: Mapping[Passdb, tuple[Mapping[str, Entry], Formatting]], passdbs: Iterable[Passdb]
    ) -> Iterator[tuple[str, str]]:
        seen: set[str] = set()
        for known, _ in files.values():
            yield from ((name, "") for name in known if name not in seen)
            seen.update(known)
        for passdb in passdbs:
            for pattern in re.split("[ ,]+", passdb.username_filter):
                name = pattern.removeprefix("!").replace("*", "x").replace("?", "x")
                if name and name not in seen:
                    seen.add(name)
                    made_up = name != pattern and accepts_name(passdb, name)
                    yield name, passdb.username_filter if made_up else ""
        yield NOBODY, ""


def username_format(passdb: Passdb) -> str:
    """Return how a passwd-file's names are made from those of logins."""
    if passdb.dialect == "2.4":
        # The setting of the passdb's own scope (auth_passdb_preinit reads auth_settings for each passdb).
        return passdb.value("auth_username_format")
    found = re.search(r"(?:^|\s)username_format=(\S*)", passdb.value(spelled("passdb_args", "2.3")).partition(" /")[0])
    return found[1] if found else ""


def _telling(passdb: Passdb, entry: Entry | None) -> tuple[object, ...] | None:
    """Return what is said of a user that makes a difference."""
    if entry is None:
        return None
    asked = {name for field in passdb.fields for name in _IN_FILE.findall(field.value)}
    fields = [
        pair for pair in entry.extra_fields.items() if pair[0].partition(":")[0] in _TELLING_FIELDS or pair[0] in asked
    ]
    return (entry.password, entry.scheme, *fields)
