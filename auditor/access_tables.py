"""The access tables of every host that was discovered, and the difference between those of two readings."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.access.difference import Difference, difference
from auditor.access.table import Access
from auditor.failure import Failure, internal_error
from auditor.finding import NotChecked
from auditor.model import build_model
from auditor.read import Instances, Versions, read_hosts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from auditor.access.rows import Row
    from auditor.discover import Discovery
    from auditor.text import Origin, SourceFile


class HostTable(NamedTuple):
    """One host and the ways into it."""

    host: Instances
    rows: tuple[Row, ...]


class AccessTables(NamedTuple):
    """What was read, the ways in, and what could not be checked."""

    tables: tuple[HostTable, ...]
    not_checked: tuple[NotChecked, ...]
    failures: tuple[Failure, ...]

    @property
    def hosts(self) -> tuple[Instances, ...]:
        """The hosts that were read."""
        return tuple(table.host for table in self.tables)


NOTHING: Final = AccessTables((), (), ())
"""What a tree without anything to read comes to."""


class TableDifference(NamedTuple):
    """What differs between two readings, host by host; a host that one of them lacks has no ways in there."""

    root: str
    difference: Difference


def access_tables(discovery: Discovery, versions: Versions, now: datetime) -> AccessTables:
    """Read what was discovered and work out who can get in; ``now`` is in UTC."""
    hosts, unread = read_hosts(discovery, versions)
    failures = list(unread)
    not_checked = list(discovery.not_checked)
    tables: list[HostTable] = []
    for host in hosts:
        try:
            access = Access(build_model(host.host, host.dovecot, host.postfix, now))
            tables.append(HostTable(host, access.rows))
        except Exception as error:
            failures.append(internal_error(error, "working out who can get in", path=host.host.root))
            tables.append(HostTable(host, ()))
        not_checked += [*host.not_checked, *_unknown(tables[-1].rows)]
    return AccessTables(tuple(tables), tuple(dict.fromkeys(not_checked)), tuple(dict.fromkeys(failures)))


def _unknown(rows: Iterable[Row]) -> Iterator[NotChecked]:
    """Yield what is not known and would be needed to be sure of the ways in."""
    yield from (NotChecked(one.what, one.why) for row in rows for one in row.unknown)


def differences(old: AccessTables, new: AccessTables, roots: tuple[str, str]) -> tuple[TableDifference, ...]:
    """Compare two readings; hosts belong together that lie at the same place below the two roots."""
    before, after = (
        {_below(table.host.host.root, root): table.rows for table in reading.tables}
        for reading, root in zip((old, new), roots, strict=True)
    )
    if len(before) == len(after) == 1:
        # Whatever the folders are called, there is nothing else to compare with.
        before = dict(zip(after, before.values(), strict=True))
    return tuple(
        TableDifference(name, difference(before.get(name, ()), after.get(name, ())))
        for name in dict.fromkeys([*after, *before])
    )


def renamed(tables: AccessTables, folder: str, name: str) -> AccessTables:
    """Return the tables with the places below a folder under another name, as those of a revision are known."""
    prefix = folder.rstrip("/") + "/"
    files: dict[SourceFile, SourceFile] = {}

    def origin(old: Origin) -> Origin:
        if old.span is None or not old.span.file.path.startswith(prefix):
            return old
        file = old.span.file
        if file not in files:
            files[file] = replace(file, path=name + file.path.removeprefix(prefix))
        return old._replace(span=old.span._replace(file=files[file]))

    def row(old: Row) -> Row:
        because = tuple((origin(place), label) for place, label in old.because)
        return old._replace(listener=old.listener._replace(origin=origin(old.listener.origin)), because=because)

    return tables._replace(tables=tuple(one._replace(rows=tuple(map(row, one.rows))) for one in tables.tables))


def _below(path: str, root: str) -> str:
    """Return where a path lies below a root; the path itself where it lies elsewhere."""
    relative = os.path.relpath(path, root)
    return path if relative.startswith("..") else relative
