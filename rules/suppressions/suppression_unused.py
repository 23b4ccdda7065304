"""A suppression of what is not found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import SuppressionRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.suppressions import Suppressions


class SuppressionUnused(SuppressionRule):
    """A suppression suppresses nothing.

    What: a `# mailaudit: ignore[...]` comment names a rule that finds nothing in what the comment stands above or
    beside: a logical line, the block that it opens, a service of master.cf. Of a rule that did not run, or that could
    not look at everything it needs, nothing is said.

    Why it matters: what was accepted has been mended, or the comment stands in the wrong place. Left there, it will
    silence the next finding, which nobody has accepted.

    How to mend it: remove the name from the comment, or the comment; or move it directly above the place that the
    finding names first.

    When to ignore it: the rule finds something only with other options, such as `upgrade-breaks` with
    `--dovecot-version`.

    Sources: README.md of mailaudit.
    """

    name = "suppression-unused"
    severity = Severity.LOW
    tags = ("suppression",)

    def check(self, suppressions: Suppressions) -> Iterator[Finding | NotChecked]:
        """Yield the names in suppressions that suppress nothing."""
        for one in suppressions.found:
            if not one.holds(suppressions.today):
                continue
            for name in one.rules:
                if name in suppressions.decided and name not in one.used:
                    yield self.finding(one.span, f"there is no {name} here to suppress", subject=name)
