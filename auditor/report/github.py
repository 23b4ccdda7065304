"""Annotations of GitHub Actions: workflow commands, one a line.

Source: "Workflow commands for GitHub Actions" in GitHub's documentation; the escapes are those of actions/toolkit,
packages/core/src/command.ts. GitHub shows ten of each kind a step, so the worst come first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.report.places import first_place, shown_path, with_advice
from auditor.text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.audit import Audit
    from auditor.finding import Finding

KINDS: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "warning",
    Severity.INFO: "notice",
}


def render(audit: Audit, threshold: Severity) -> str:
    """Return the annotations of the findings from a severity up, and what was not checked in one of its own."""
    return "".join(f"{line}\n" for line in _lines(audit, threshold))


def _lines(audit: Audit, threshold: Severity) -> Iterator[str]:
    for failure in audit.failures:
        yield f"::error title=mailaudit::{_data(str(failure))}"
    for finding in audit.at_least(threshold):
        yield _annotation(finding, audit)
    if audit.not_checked:
        first = audit.not_checked[0]
        more = f" and {len(audit.not_checked) - 1} more" if len(audit.not_checked) > 1 else ""
        yield f"::notice title=mailaudit::{_data(f'not checked: {first.what} ({first.why}){more}')}"


def _annotation(finding: Finding, audit: Audit) -> str:
    place = first_place(finding, audit)
    properties = {"file": shown_path(place.path), "line": place.line, "endLine": place.end_line}
    if place.line == place.end_line:
        properties |= {"col": place.column, "endColumn": place.end_column}
    properties["title"] = f"{finding.rule} ({finding.severity.value})"
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{KINDS[finding.severity]} {listed}::{_data(with_advice(finding))}"


def _data(text: str) -> str:
    return escaped(" ".join(text.split())).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
