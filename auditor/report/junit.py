"""JUnit's XML: one test case a finding, and one for each rule that found nothing or could not look everywhere.

GitLab and Jenkins take a suite without a test case for an error, so rules that found nothing are cases that passed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from auditor.report.places import first_place, shown_path
from auditor.report.xml import child, document

if TYPE_CHECKING:
    from auditor.audit import Audit
    from auditor.finding import Finding, Severity


def render(audit: Audit, threshold: Severity) -> str:
    """Return the report with the findings from a severity up."""
    suite = Element("testsuite", name="mailaudit")
    products = {rule.name: rule.product for rule in audit.rules}
    found = _findings(suite, audit, threshold, products)
    _silent_rules(suite, audit, found, products)
    for failure in audit.failures:
        where = failure.rule or failure.path or "mailaudit"
        child(_named(suite, where, products), "error", type="error", message=failure.message)
    root = Element("testsuites")
    counted = (("failures", "*/failure"), ("errors", "*/error"), ("skipped", "*/skipped"))
    counts = {"tests": len(suite), **{name: len(suite.findall(path)) for name, path in counted}}
    for element in (root, suite):
        for name, count in counts.items():
            element.set(name, str(count))
    root.append(suite)
    return document(root)


def _findings(suite: Element, audit: Audit, threshold: Severity, products: dict[str, str]) -> set[str]:
    """Add a case for each finding; returns the rules that have one."""
    shown = audit.at_least(threshold)
    for finding in shown:
        child(
            _case(suite, finding, audit, products),
            "failure",
            finding.advice or finding.message,
            type=finding.severity.value,
            message=finding.message,
        )
    for one in audit.suppressed:
        child(_case(suite, one.finding, audit, products), "skipped", message=f"suppressed: {one.reason}")
    return {finding.rule for finding in shown} | {one.finding.rule for one in audit.suppressed}


def _silent_rules(suite: Element, audit: Audit, found: set[str], products: dict[str, str]) -> None:
    """Add a case for each rule that could not look everywhere, or that found nothing."""
    gaps: dict[str, str] = {}
    for entry in audit.not_checked:
        for name in entry.rules or ("not-checked",):
            gaps.setdefault(name, f"not checked: {entry.what}: {entry.why}")
    for name in sorted({*products, *gaps}):
        if name in gaps:
            child(_named(suite, name, products), "skipped", message=gaps[name])
        elif name not in found:
            _named(suite, name, products)


def _case(suite: Element, finding: Finding, audit: Audit, products: dict[str, str]) -> Element:
    place = first_place(finding, audit)
    path = shown_path(place.path)
    name = f"{finding.rule} {path}:{place.line}"
    return child(suite, "testcase", classname=_class(finding.rule, products), name=name, file=path, line=place.line)


def _named(suite: Element, name: str, products: dict[str, str]) -> Element:
    return child(suite, "testcase", classname=_class(name, products), name=name)


def _class(rule: str, products: dict[str, str]) -> str:
    return f"mailaudit.{products.get(rule, 'both')}"
