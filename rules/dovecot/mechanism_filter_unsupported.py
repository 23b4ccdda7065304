"""A mechanism filter that the installed version does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Dovecot


class MechanismFilterUnsupported(DovecotRule):
    """A passdb has a mechanism filter, and this Dovecot is too old to know one.

    What: a passdb says `mechanisms = …`, a setting that came with Dovecot 2.2.28, and the installed version is older.

    Why it matters: Dovecot does not start ("Unknown setting: mechanisms"). Whoever then takes the line out to get it
    running opens the passdb to password logins, which is what the line was there to prevent.

    How to mend it: upgrade Dovecot. Until then take the whole passdb out, not only the line.

    When to ignore it: the package has the patch that brought the setting (commit 10f6f2224c); then give the newer
    version with `--dovecot-version`.

    Sources: dovecot/core commit 10f6f2224c, "auth: Add mechanism filter for passdb", first in release 2.2.28.
    """

    name = "mechanism-filter-unsupported"
    severity = Severity.HIGH
    versions = "< 2.2.28"
    tags = ("refused",)

    def check(self, dovecot: Dovecot) -> Iterator[Finding]:
        """Yield the mechanism filters of a version that has none."""
        if dovecot.knows_mechanism_filters:
            return
        for passdb in dovecot.passdbs:
            if passdb.filter is not None and passdb.filter.origin.span is not None:
                yield self.finding(
                    passdb.filter.origin,
                    f"Dovecot {dovecot.version} does not know `{passdb.filter.setting}` in a passdb and does not start",
                    because=[(passdb.origin, "the passdb that would be open without it")],
                    advice="upgrade to 2.2.28 or later, or take the whole passdb out",
                    subject=passdb.title,
                )
