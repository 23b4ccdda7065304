"""GitLab's Code Quality report, a part of Code Climate's format.

Source: "Code Quality report format" in GitLab's documentation: paths are relative to the repository and have no ``./``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from auditor.finding import Severity
from auditor.report.json import serialised
from auditor.report.places import first_place, shown_path, with_advice
from auditor.text import escaped

if TYPE_CHECKING:
    from auditor.audit import Audit
    from auditor.finding import Finding

SEVERITIES: Final = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
    Severity.INFO: "info",
}


def render(audit: Audit, threshold: Severity) -> str:
    """Return the report with the findings from a severity up."""
    return serialised([_issue(finding, audit) for finding in audit.at_least(threshold)])


def _issue(finding: Finding, audit: Audit) -> dict[str, Any]:
    place = first_place(finding, audit)
    return {
        "description": escaped(with_advice(finding)),
        "check_name": finding.rule,
        "fingerprint": finding.fingerprint,
        "severity": SEVERITIES[finding.severity],
        "location": {"path": shown_path(place.path), "lines": {"begin": place.line, "end": place.end_line}},
    }
