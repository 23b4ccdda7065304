"""Checkstyle's XML, which Jenkins, reviewdog and others read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element

from auditor.finding import Severity
from auditor.report.places import first_place, shown_path, with_advice
from auditor.report.xml import child, document

if TYPE_CHECKING:
    from auditor.audit import Audit

SEVERITIES: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "warning",
    Severity.INFO: "info",
}


def render(audit: Audit, threshold: Severity) -> str:
    """Return the report with the findings from a severity up, file by file."""
    root = Element("checkstyle", version="4.3")
    files: dict[str, Element] = {}
    for finding in audit.at_least(threshold):
        place = first_place(finding, audit)
        if place.path not in files:
            files[place.path] = child(root, "file", name=shown_path(place.path))
        child(
            files[place.path],
            "error",
            line=place.line,
            column=place.column,
            severity=SEVERITIES[finding.severity],
            message=with_advice(finding),
            source=f"mailaudit.{finding.rule}",
        )
    return document(root)
