"""The report for programs, as ``auditor/data/report.schema.json`` describes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from auditor import __version__

if TYPE_CHECKING:
    from auditor.audit import Audit
    from auditor.failure import Failure
    from auditor.finding import Baseline, Finding, Location, NotChecked, Severity, Suppressed
    from auditor.read import Instances
    from auditor.text import Origin, Span

SCHEMA_VERSION: Final = "1.0"


def serialised(data: object) -> str:
    """Return data as JSON in ASCII, so that no control character and no direction mark reaches anyone unescaped."""
    return json.dumps(data, indent=2, ensure_ascii=True).replace("\x7f", "\\u007f") + "\n"


def render(audit: Audit, threshold: Severity) -> str:
    """Return the report as a text."""
    return serialised(report(audit, threshold))


def report(audit: Audit, threshold: Severity) -> dict[str, Any]:
    """Return the report with the findings from a severity up; the summary counts all of them."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "mailaudit", "version": __version__},
        "config": audit.config,
        "hosts": [_host(host) for host in audit.hosts],
        "findings": [_finding(one) for one in audit.at_least(threshold)],
        "suppressed": [_suppressed(one) for one in audit.suppressed],
        "baseline": _baseline(audit.baseline) if audit.baseline else None,
        "not_checked": [not_checked_entry(one) for one in audit.not_checked],
        "errors": [_error(failure) for failure in audit.failures],
        "summary": {severity.value: count for severity, count in audit.counts.items()},
    }


def _host(host: Instances) -> dict[str, Any]:
    return {
        "root": host.host.root,
        "dovecot": [
            {
                "main_file": one.main_file.path,
                "version": one.version,
                "version_from": one.version_from,
                "files": [file.path for file in one.files],
            }
            for one in host.dovecot
        ],
        "postfix": [
            {
                "config_directory": one.path,
                "version": one.version,
                "version_from": one.version_from,
                "files": [file.path for file in one.files],
            }
            for one in host.postfix
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "tags": list(finding.tags),
        "message": finding.message,
        "advice": finding.advice,
        "locations": [place for location in finding.locations for place in _locations(location)],
        "fingerprint": finding.fingerprint,
        "fix": {"safe": fix.safe, "title": fix.title} if (fix := finding.fix) else None,
    }


def _suppressed(one: Suppressed) -> dict[str, Any]:
    place = {"path": one.place.file.path, "line": one.place.line} if one.place else {"path": None, "line": None}
    until = one.until.isoformat() if one.until else None
    return {**_finding(one.finding._replace(fix=None)), "suppression": {"reason": one.reason, "until": until, **place}}


def _baseline(baseline: Baseline) -> dict[str, Any]:
    return {"path": baseline.path, "gone": [one._asdict() for one in baseline.gone]}


def _locations(location: Location) -> list[dict[str, Any]]:
    place = {
        "path": location.path if location.default_of is None else None,
        **_positions(location.span),
        "label": location.label,
        "primary": location.primary,
    }
    if location.default_of is not None:
        place["default_of"] = location.default_of
    via = [
        {"path": span.file.path, **_positions(span), "label": "included here", "primary": False}
        for span in location.via
    ]
    return [place, *via]


def _positions(span: Span | None) -> dict[str, int | None]:
    if span is None:
        return {"line": None, "column": None, "end_line": None, "end_column": None}
    return {"line": span.line, "column": span.column, "end_line": span.end_line, "end_column": span.end_column}


def place_of(origin: Origin) -> dict[str, Any]:
    """Return where a value comes from: path and position, or the version whose default it is."""
    if origin.span is None:
        return {"path": None, **_positions(None), "default_of": origin.default_of}
    return {"path": origin.span.file.path, **_positions(origin.span), "default_of": None}


def not_checked_entry(entry: NotChecked) -> dict[str, Any]:
    """Return one thing that could not be checked."""
    return {"what": entry.what, "why": entry.why, "rules": list(entry.rules)}


def _error(failure: Failure) -> dict[str, Any]:
    return {
        "message": failure.message,
        "path": failure.path or None,
        "rule": failure.rule or None,
        "internal": failure.internal,
    }
