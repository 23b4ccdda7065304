"""What a rule can say, and how rules are found."""

from __future__ import annotations

import pytest

from auditor.finding import Confidence, NotChecked, Severity
from auditor.rule import SECTIONS, HostRule, discover, documentation
from auditor.text import Origin, SourceFile

MAIN = SourceFile("/etc/dovecot/dovecot.conf", "etc/dovecot/dovecot.conf", "!include x.conf\n")
FILE = SourceFile("/etc/dovecot/x.conf", "etc/dovecot/x.conf", "a = b\nc = d\n")


class Example(HostRule):
    """A summary.

    What: one thing,
    on two lines.

    Why it matters: because.

    How to mend it: like this:

        a = c

    When to ignore it: never.

    Sources: a manual.
    """

    name = "example-rule"
    severity = Severity.HIGH
    tags = ("tag",)


def test_a_finding_has_the_facts_of_its_rule() -> None:
    finding = Example().finding(FILE.span(0, 5), "it is so", subject="a")
    assert (finding.rule, finding.severity, finding.confidence) == ("example-rule", Severity.HIGH, Confidence.HIGH)
    assert finding.tags == ("tag",)
    assert finding.primary.path == "etc/dovecot/x.conf"


def test_a_finding_may_be_milder() -> None:
    finding = Example().finding("etc/key.pem", "m", severity=Severity.LOW, confidence=Confidence.LOW)
    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.LOW)


def test_places_of_every_kind() -> None:
    origin = Origin(FILE.span(0, 5), via=(MAIN.span(0, 15),))
    because = [(Origin(default_of="2.4.1"), "the default"), ("etc/ssl/key.pem", "a file"), (FILE.span(6, 11), "a span")]
    finding = Example().finding(origin, "m", because=because)
    primary, default, file, span = finding.locations
    assert primary.primary
    assert primary.via == (MAIN.span(0, 15),)
    assert (default.default_of, default.span) == ("2.4.1", None)
    assert (file.path, file.span, file.default_of) == ("etc/ssl/key.pem", None, None)
    assert (span.path, span.label, span.primary) == ("etc/dovecot/x.conf", "a span", False)


def test_what_was_not_checked_names_the_rule() -> None:
    assert Example().not_checked("a", "b") == NotChecked("a", "b", ("example-rule",))


def test_the_docstring_is_the_documentation() -> None:
    parts = documentation(Example)
    assert list(parts) == ["Summary", *SECTIONS]
    assert parts["Summary"] == "A summary."
    assert parts["What"] == "one thing,\non two lines."
    assert "    a = c" in parts["How to mend it"]


def test_rules_are_found_once_in_order() -> None:
    names = [rule.name for rule in discover()]
    assert names == sorted(set(names))
    assert "syntax-error" in names


@pytest.mark.parametrize("rule", discover(), ids=lambda rule: rule.name)
def test_rules_state_their_facts(rule: type[HostRule]) -> None:
    assert isinstance(rule.severity, Severity)
    assert isinstance(rule.confidence, Confidence)
    assert rule.product in ("dovecot", "postfix", "both")
    assert all(isinstance(tag, str) for tag in rule.tags)
