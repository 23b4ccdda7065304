"""Which findings the comments of a host suppress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Suppressed
from auditor.rule import discover as all_rules
from auditor.suppressions import Suppressions, suppressed_by, suppressions_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from auditor.failure import Failure
    from auditor.finding import Finding, NotChecked
    from auditor.read import Instances
    from auditor.rule import AnyRule


def suppressions_on(
    host: Instances,
    rules: Sequence[type[AnyRule]],
    gaps: Iterable[NotChecked],
    failures: Iterable[Failure],
    today: date,
) -> Suppressions:
    """Return the suppressions of a host; of rules with a gap or a failure it cannot be said that they are not used."""
    found, too_many = suppressions_of(host)
    if not found:
        return Suppressions()
    ran = {rule.name for rule in rules}
    known = ran | {rule.name for rule in all_rules()}
    undecided = {name for gap in gaps for name in gap.rules} | {failure.rule for failure in failures}
    return Suppressions(found, too_many, today, frozenset(known), frozenset(ran - undecided))


def parted(findings: Iterable[Finding], suppressions: Sequence[Suppressions]) -> tuple[list[Finding], list[Suppressed]]:
    """Part the findings that are suppressed from the others."""
    valid = [one for found in suppressions for one in found.found if one.holds(found.today)]
    kept: list[Finding] = []
    suppressed: list[Suppressed] = []
    for finding in findings:
        by = suppressed_by(finding, valid)
        if by is None:
            kept.append(finding)
        else:
            suppressed.append(Suppressed(finding, by.reason, by.until, by.span))
    return kept, suppressed
