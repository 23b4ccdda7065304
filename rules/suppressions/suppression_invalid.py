"""A suppression that holds for nothing, as it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import SuppressionRule
from auditor.text import similar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.suppressions import Suppressions


class SuppressionInvalid(SuppressionRule):
    """A comment is meant to suppress a finding and does not.

    What: a comment that begins with `# mailaudit:` names a rule that does not exist, gives no reason, has a date that
    is none, is written in another way than mailaudit reads, or stands above nothing. Where only one of several names
    is wrong, it holds for the others.

    Why it matters: who wrote it believes that something is accepted and written down, and it is neither.

    How to mend it: write it on one line, directly above what it is about, in Dovecot's files also at the end of its
    line:

        # mailaudit: ignore[rule-name] until=2027-01-01 the reason

    `until` may be left out, the reason may not; several names are separated by commas. `mailaudit rules` lists the
    names.

    When to ignore it: never; a comment that is not meant for mailaudit should not begin with its name.

    Sources: README.md of mailaudit.
    """

    name = "suppression-invalid"
    severity = Severity.LOW
    tags = ("suppression",)

    def check(self, suppressions: Suppressions) -> Iterator[Finding | NotChecked]:
        """Yield the comments that hold for nothing, and the names in others that no rule has."""
        for one in suppressions.found:
            if one.fault:
                yield self.finding(
                    one.span,
                    f"this suppresses nothing: {one.fault}",
                    advice="write it on one line, directly above what it is about: "
                    "`# mailaudit: ignore[rule-name] until=2027-01-01 the reason`; the date may be left out",
                )
                continue
            for name in sorted({*one.rules} - suppressions.known):
                near = similar(name, sorted(suppressions.known))
                meant = f"; did you mean {near}?" if near else ""
                yield self.finding(
                    one.span,
                    f"there is no rule {name!r} to suppress{meant}",
                    advice="`mailaudit rules` lists the names",
                    subject=name,
                )
