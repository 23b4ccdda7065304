"""An indexed table that is older than its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class MapStale(HostRule):
    """Postfix reads an indexed table that is older than its text.

    What: the file that postmap made from the text of a table is older than the text by more than a minute: what was
    changed since is not in effect. Only on hosts and images whose times are their own, not in copies.

    Why it matters: a client whose fingerprint was taken out of relay_clientcerts relays on; a password that was
    changed is the old one.

    How to mend it: run postmap on the table; Postfix sees the new file by itself.

    When to ignore it: only comments were changed.

    Sources: DATABASE_README of Postfix; postmap(1); RELEASE_NOTES (daemons warn: "database ... is older than source
    file").
    """

    name = "map-stale"
    severity = Severity.MEDIUM
    tags = ("files",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the tables that are older than their text."""
        for table, age in host.stale_tables:
            yield self.finding(
                table.origin,
                f"the indexed file {table.indexed_file} is {age} older than its text {table.name}",
                advice=f"postmap {table.type}:{table.name}",
                subject=table.name,
            )
