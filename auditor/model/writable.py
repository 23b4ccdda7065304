"""The files that decide what the daemons do, and the places by which others than root can change them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from auditor.model.credentials import database_files
from auditor.text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.files.writers import Writable, Writers
    from auditor.model.dovecot import Dovecot
    from auditor.model.files import FileUse
    from auditor.model.postfix import Postfix
    from auditor.text import Origin


class Deciding(NamedTuple):
    """A file that decides something, what it is in words, and where it is named; None for a main file."""

    name: str
    what: str
    origin: Origin | None


class Leak(NamedTuple):
    """A file or directory that others than root can write, and what can be changed by it."""

    place: Writable
    files: tuple[Deciding, ...]

    @property
    def who(self) -> str:
        """Who can write it, in words; empty where that is not known."""
        if self.place.everybody:
            return "every user of this host"
        names = [self.place.owner] if self.place.owner else []
        names += self.place.users
        names += [f"{', '.join(members)} (group {group})" for group, members in self.place.groups if members]
        return " and ".join(names)

    @property
    def how(self) -> str:
        """Who can write what, in words."""
        return f"{self.who} can write {escaped(self.place.path)} (mode {self.place.permissions:04o})"

    @property
    def undecided(self) -> list[tuple[str, str]]:
        """What is not known about who can write it, and why."""
        groups = [group for group, members in self.place.groups if members is None]
        return [(f"who can write {self.place.path}", f"the members of group {group} are not known") for group in groups]


def leaks(writers: Writers, files: Iterable[Deciding]) -> Iterator[Leak]:
    """Yield each place once, with the files that it leads to."""
    places: dict[str, Writable] = {}
    reached: dict[str, dict[Deciding, None]] = defaultdict(dict)
    seen: set[str] = set()
    for file in files:
        if file.name in seen:
            continue
        seen.add(file.name)
        for place in writers.on_the_way(file.name):
            places[place.path] = place
            reached[place.path][file] = None
    for path, place in places.items():
        yield Leak(place, tuple(reached[path]))


def deciding_files(dovecot: Iterable[Dovecot], postfix: Iterable[Postfix]) -> Iterator[Deciding]:
    """Yield the files by which one who can write them takes the server: configuration, tables, users and CAs."""
    for one in dovecot:
        yield from _of_dovecot(one)
    for instance in postfix:
        yield from _of_postfix(instance)


def _of_dovecot(dovecot: Dovecot) -> Iterator[Deciding]:
    for source in dovecot.configuration.files:
        yield Deciding(source.name, "Dovecot's configuration", None)
    for passdb in dovecot.passdbs:
        if passdb.users_file:
            yield Deciding(passdb.users_file, "users of Dovecot", passdb.origin)
    for driver, name, origin in database_files(dovecot):
        yield Deciding(name, f"settings of a {driver} database", origin)
    yield from _cas(dovecot.client_ca_files)


def _of_postfix(postfix: Postfix) -> Iterator[Deciding]:
    for source in (postfix.configuration.main_file, postfix.configuration.master_file):
        if source is not None:
            yield Deciding(source.name, "Postfix's configuration", None)
    for table in postfix.named_tables:
        for name in table.files:
            yield Deciding(name, f"a table of {table.parameter}", table.origin)
    yield from _cas(postfix.client_ca_files)


def _cas(uses: Iterable[FileUse]) -> Iterator[Deciding]:
    return (Deciding(use.name, "CAs for client certificates", use.origin) for use in uses)
