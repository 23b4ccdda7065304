"""Two passdbs that old versions take for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Confidence, Severity
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Dovecot
    from auditor.model.passdb import Passdb


class PassdbFilterLostCve202230550(DovecotRule):
    """Two passdbs of one driver with the same args share the filters of the first (CVE-2022-30550).

    What: two passdb blocks have the same `driver` and the same `args`, and other `mechanisms` or another
    `username_filter`.

    Why it matters: Dovecot before 2.4 looks a passdb up by driver and args and finds the first: the second runs with
    its filters. One for EXTERNAL only may so answer to passwords, and one for some master users to all.

    How to mend it: give the second another name for the same file, by a symbolic link; or upgrade to 2.4.

    When to ignore it: the package has the patch, as those of Debian 11 and 12 have.

    Sources: passdb_find in src/auth/passdb.c; commit 7bad6a2416 of dovecot/core, first in 2.4.0.
    """

    name = "passdb-filter-lost-cve-2022-30550"
    severity = Severity.HIGH
    confidence = Confidence.LOW
    versions = "2.2, 2.3"
    tags = ("access", "cve")
    off_because = "distributions patch 2.3 without a new version number, as Debian has"

    def check(self, dovecot: Dovecot) -> Iterator[Finding]:
        """Yield the passdbs whose filters an earlier one of the same driver and args takes the place of."""
        if dovecot.dialect != "2.3":
            return
        first: dict[tuple[str, str], Passdb] = {}
        for passdb in dovecot.passdbs:
            other = first.setdefault((passdb.driver, passdb.value("passdb_args")), passdb)
            if passdb is not other and _filters(passdb) != _filters(other):
                yield self.finding(
                    passdb.origin,
                    "the filters of this passdb are not in force: those of another with the same driver and args are",
                    because=[(other.origin, "the one that is found by driver and args")],
                    subject=passdb.title,
                )


def _filters(passdb: Passdb) -> tuple[object, ...]:
    return (passdb.filter and passdb.filter.names, passdb.username_filter)
