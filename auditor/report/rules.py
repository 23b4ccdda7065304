"""``mailaudit rules`` and ``mailaudit explain``: what the rules say about themselves."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from auditor import packaged
from auditor.report.lines import Line, line, paragraph
from auditor.rule import SECTIONS, documentation, rule_packages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.rule import AnyRule

PRODUCTS: Final = {"dovecot": "Dovecot", "postfix": "Postfix"}


@cache
def proofs() -> dict[str, dict[str, list[str]]]:
    """Return, of each rule, the versions of each daemon on which tests/live showed its harm."""
    proofs: dict[str, dict[str, list[str]]] = packaged.table("proofs")
    return proofs


def table(rules: Sequence[type[AnyRule]], width: int) -> Iterator[Line]:
    """Yield one line a rule: severity, name and summary."""
    broad = max((len(rule.name) for rule in rules), default=0)
    for rule in rules:
        severity = rule.severity.value
        head = line((f"{severity:<8}", severity), " ", (f"{rule.name:<{broad}}", "strong"), "  ")
        summary = documentation(rule)["Summary"] + (
            f" (Off by default: {rule.off_because}.)" if rule.off_because else ""
        )
        yield from paragraph(summary, width, head, " " * (broad + 11))


def as_data(rules: Sequence[type[AnyRule]]) -> list[dict[str, Any]]:
    """Return the facts of the rules for the JSON output."""
    return [
        {
            "name": rule.name,
            "package": package_of(rule),
            "severity": rule.severity.value,
            "confidence": rule.confidence.value,
            "product": rule.product,
            "versions": rule.versions,
            "tags": list(rule.tags),
            "off_because": rule.off_because,
            "proved": proofs().get(rule.name, {}),
            "documentation": documentation(rule),
        }
        for rule in rules
    ]


def package_of(rule: type[AnyRule]) -> str:
    """Return the distribution that a rule comes from."""
    return next((package.name for package in rule_packages() if rule in package.rules), "mailaudit")


def explanation(rule: type[AnyRule], width: int) -> Iterator[Line]:
    """Yield a rule's documentation."""
    severity = rule.severity.value
    parts = documentation(rule)
    yield line((rule.name, "strong"))
    yield from paragraph(parts["Summary"], width)
    yield ()
    yield line("Severity: ", (severity, severity), f"   Confidence: {rule.confidence.value}   About: {rule.product}")
    if rule.off_because:
        yield from paragraph(f"Off by default, --select turns it on: {rule.off_because}.", width)
    if (package := package_of(rule)) != "mailaudit":
        yield line(f"From the rule package {package}")
    if rule.tags:
        yield line(f"Tags: {', '.join(rule.tags)}")
    if proved := proofs().get(rule.name):
        versions = (f"{PRODUCTS[daemon]} {', '.join(known)}" for daemon, known in proved.items())
        yield from paragraph("; ".join(versions), width, line("Proved on: "), " " * len("Proved on: "))
    for section in SECTIONS:
        if parts.get(section):
            yield ()
            yield line((section, "strong"))
            yield from _section(parts[section], width)


def _section(text: str, width: int) -> Iterator[Line]:
    """Wrap each paragraph and keep list items and indented examples on lines of their own."""
    for block in text.split("\n\n"):
        lines = block.splitlines()
        if any(one.startswith(("    ", "- ", "* ")) for one in lines):
            for one in lines:
                yield line("  " + one)
        else:
            yield from paragraph(block, width, line("  "), "  ")
