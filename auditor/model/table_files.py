"""What can be wrong with the files of Postfix's tables themselves, whatever stands in them."""

from __future__ import annotations

import posixpath
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from auditor.files.permissions import user_name
from auditor.files.tables import Table, modified, read_table
from auditor.host import FileFacts
from auditor.model.credentials import is_placeholder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.host import Host
    from auditor.model.postfix_tables import NamedTable

TOLERANCE: Final = timedelta(minutes=1)
"""Difference of times that a copy of both files may make."""


def password_tables(host: Host, tables: Iterable[NamedTable]) -> Iterator[NamedTable]:
    """Yield the tables that hold passwords for other mail servers; one whose text is missing counts."""
    for table in tables:
        if table.holds_passwords:
            found = read_table(host, f"{table.type}:{table.name}", secret=True)
            results = found.results() if isinstance(found, Table) else ("unknown",)
            if not all(is_placeholder(result.rpartition(":")[2]) for result in results):
                yield table


def stale_tables(host: Host, tables: Iterable[NamedTable]) -> Iterator[tuple[NamedTable, timedelta]]:
    """Yield the tables whose indexed file is older than the text, and by how much; none where times mean nothing."""
    for table in tables if host.modes_known else ():
        if table.indexed_file:
            made, written = modified(host, table.indexed_file), modified(host, table.name)
            if made is not None and written is not None and written - made > TOLERANCE.total_seconds():
                yield table, timedelta(seconds=int(written - made))


def tables_in_foreign_directories(host: Host, tables: Iterable[NamedTable]) -> Iterator[tuple[NamedTable, str]]:
    """Yield the tables of root that are indexed in a directory of another user, and whose that is.

    postmap works with the rights of the owner of the text when root runs it (postmap(1)).
    """
    for table in tables if host.modes_known else ():
        text, folder = host.facts(table.name), host.facts(posixpath.dirname(table.name))
        if not table.indexed_file or not isinstance(text, FileFacts) or not isinstance(folder, FileFacts):
            continue
        if text.uid == 0 and folder.uid != 0:
            yield table, user_name(host, folder.uid)
