"""SARIF 2.1.0, as GitHub code scanning takes it.

Source: "SARIF support for code scanning" in GitHub's documentation, and the OASIS standard (Errata 01).
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from auditor import __version__
from auditor.finding import Confidence, Severity
from auditor.report.json import serialised
from auditor.report.places import Place, first_place, place_of, uri, with_advice
from auditor.rule import SECTIONS, documentation
from auditor.text import escaped, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.audit import Audit
    from auditor.finding import Finding, Suppressed
    from auditor.rule import AnyRule

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MAX_TEXT: Final = 1024
"""Characters of a description that GitHub takes."""
MAX_RESULTS: Final = 25_000
MAX_STEPS: Final = 1_000
TOP: Final = "REPOSITORY"
LEVELS: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "warning",
    Severity.INFO: "note",
}
SCORES: Final = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "3.0"}
"""GitHub's severities of security results; what is only info is no security result."""
PRECISIONS: Final = {Confidence.HIGH: "very-high", Confidence.MEDIUM: "medium", Confidence.LOW: "low"}


def render(audit: Audit, threshold: Severity) -> str:
    """Return the report with the findings from a severity up, and those that are suppressed."""
    index = {rule.name: number for number, rule in enumerate(audit.rules)}
    found = audit.at_least(threshold)
    results = [_result(one, audit, index) for one in islice(found, MAX_RESULTS)]
    results += [
        {**_result(one.finding._replace(fix=None), audit, index), "suppressions": [_suppression(one)]}
        for one in islice(audit.suppressed, MAX_RESULTS - len(results))
    ]
    driver = {
        "name": "mailaudit",
        "semanticVersion": __version__,
        "rules": [_rule(rule) for rule in audit.rules],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "mailaudit/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {TOP: {"description": {"text": "the top of the repository"}}},
        "invocations": [
            {
                "executionSuccessful": not audit.failures,
                "toolExecutionNotifications": list(_notifications(audit, len(found) + len(audit.suppressed))),
            }
        ],
        "results": results,
    }
    return serialised({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: type[AnyRule]) -> dict[str, Any]:
    parts = documentation(rule)
    sections = [(name, parts[name]) for name in SECTIONS if parts.get(name)]
    properties: dict[str, Any] = {"tags": ["security", *rule.tags], "precision": PRECISIONS[rule.confidence]}
    if rule.severity in SCORES:
        properties["security-severity"] = SCORES[rule.severity]
    return {
        "id": rule.name,
        "shortDescription": {"text": _cut(parts["Summary"])},
        "fullDescription": {"text": _cut(parts.get("What") or parts["Summary"])},
        "help": {
            "text": "\n\n".join(f"{name}: {text}" for name, text in sections) or parts["Summary"],
            "markdown": "\n\n".join(f"**{name}**\n\n{text}" for name, text in sections) or parts["Summary"],
        },
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": properties,
    }


def _cut(text: str) -> str:
    return shortened(" ".join(text.split()), MAX_TEXT)


def _result(finding: Finding, audit: Audit, index: dict[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": LEVELS[finding.severity],
        "message": {"text": _plain(with_advice(finding))},
        "locations": [_location(first_place(finding, audit))],
        # GitHub goes by the first only; its upload action would compute it from the line and those around it.
        "partialFingerprints": {"primaryLocationLineHash": finding.fingerprint, "mailaudit/v1": finding.fingerprint},
        "properties": {"severity": finding.severity.value, "confidence": finding.confidence.value},
    }
    if finding.fix:
        result["properties"]["fix"] = {"safe": finding.fix.safe, "title": _plain(finding.fix.title)}
    if finding.rule in index:
        result["ruleIndex"] = index[finding.rule]
    steps = list(islice(_steps(finding), MAX_STEPS))
    if len(steps) > 1:
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    return result


def _steps(finding: Finding) -> Iterator[dict[str, Any]]:
    """Yield how the finding comes about: the other places with what they do, the way to its own, and that."""
    primary = finding.primary
    for location in (*(one for one in finding.locations if one is not primary), primary):
        for span in location.via:
            place = Place(span.file.path, span.line, span.column, span.end_line, span.end_column)
            yield {"location": _location(place, "included here")}
        label = location.label or (finding.message if location is primary else "")
        if location.default_of is None:
            yield {"location": _location(place_of(location), label)}
        else:
            text = f"built-in default of {location.default_of}" + (f": {label}" if label else "")
            yield {"location": {"message": {"text": _plain(text)}}}


def _location(place: Place, label: str = "") -> dict[str, Any]:
    address, inside = uri(place.path)
    region = {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }
    artifact = {"uri": address, "uriBaseId": TOP} if inside else {"uri": address}
    found: dict[str, Any] = {"physicalLocation": {"artifactLocation": artifact, "region": region}}
    if label:
        found["message"] = {"text": _plain(label)}
    return found


def _suppression(one: Suppressed) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": "inSource" if one.place else "external",
        "status": "accepted",
        "justification": escaped(one.reason) + (f" (until {one.until})" if one.until else ""),
    }
    if one.place:
        span = one.place
        found["location"] = _location(Place(span.file.path, span.line, span.column, span.end_line, span.end_column))
    return found


def _notifications(audit: Audit, results: int) -> Iterable[dict[str, Any]]:
    for failure in audit.failures:
        yield _notification("error", str(failure))
    for entry in audit.not_checked:
        yield _notification("note", f"not checked: {entry.what}: {entry.why}")
    if results > MAX_RESULTS:
        yield _notification("warning", f"only {MAX_RESULTS} of {results} results are listed")


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": _plain(text)}}


def _plain(text: str) -> str:
    """Return a text that no consumer takes for a link (section 3.11.6) or for something to run."""
    return escaped(text).replace("[", "\\[").replace("]", "\\]")
