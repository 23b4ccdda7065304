"""A suppression whose time is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import SuppressionRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.suppressions import Suppressions


class SuppressionExpired(SuppressionRule):
    """A suppression has expired, and what it suppressed is reported again.

    What: the date behind `until=` in a `# mailaudit: ignore[...]` comment is over; that day was the last on which the
    comment held.

    Why it matters: something was accepted for a time only, and that time is over.

    How to mend it: mend what was accepted and remove the comment, or decide anew and write a new date.

    When to ignore it: never.

    Sources: README.md of mailaudit.
    """

    name = "suppression-expired"
    severity = Severity.LOW
    tags = ("suppression",)

    def check(self, suppressions: Suppressions) -> Iterator[Finding | NotChecked]:
        """Yield the suppressions whose last day is over."""
        for one in suppressions.found:
            if not one.fault and one.has_expired(suppressions.today):
                names = ", ".join(one.rules)
                yield self.finding(
                    one.span, f"this suppressed {names} until {one.until} and does no more", subject=names
                )
