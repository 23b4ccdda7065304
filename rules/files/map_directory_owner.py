"""A table that root indexes in another user's directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class MapDirectoryOwner(HostRule):
    """Root makes the indexed file of a table in a directory that belongs to another user.

    What: the text of an indexed table belongs to root, so that postmap keeps root's rights, and the directory that
    it writes the index into does not belong to root.

    Why it matters: the owner of the directory puts a link in the place of the index, and postmap writes over what
    it leads to, as root.

    How to mend it: `chown root` for the directory, or give the table's text to the owner of the directory: postmap
    then works with that user's rights.

    When to ignore it: the owner administers this host as root anyway.

    Sources: HISTORY of Postfix, 20260820 (postmap warns: "the database source file, indexed file(s), and parent
    directory should have the same owner, to prevent a privilege-escalation attack"); postmap(1).
    """

    name = "map-directory-owner"
    severity = Severity.MEDIUM
    tags = ("files",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the tables of root in directories of others."""
        for table, owner in host.tables_in_foreign_directories:
            yield self.finding(
                table.origin,
                f"root indexes {table.name} in a directory that belongs to {owner}",
                advice="give the directory to root, or the table's text to the owner of the directory",
                subject=table.name,
            )
