"""The report for programs: what the schema cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import ValidationError
from reports import json_report, validated

from auditor.audit import Audit
from auditor.finding import Confidence, Finding, Location, NotChecked, Severity
from auditor.report.json import serialised
from auditor.text import SourceFile

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE = SourceFile("/etc/dovecot/dovecot.conf", "etc/dovecot/dovecot.conf", "passdb {\n}\npassdb {\n}\nend\n")
MAIN = SourceFile("/etc/dovecot/main.conf", "etc/dovecot/main.conf", "!include dovecot.conf\n")


def finding(*locations: Location, severity: Severity = Severity.HIGH) -> Finding:
    return Finding(
        "some-rule", severity, Confidence.LOW, "message", locations, "advice", ("refused",), "subject", "0" * 32
    )


def report(findings: Sequence[Finding], threshold: Severity = Severity.INFO) -> dict[str, Any]:
    return json_report(Audit((), (), tuple(findings), (NotChecked("a", "b", ("some-rule",)),), ()), threshold)


def test_positions_count_from_one_and_end_columns_are_exclusive() -> None:
    (one,) = report([finding(Location.of(FILE.span(0, 10), "here", primary=True))])["findings"]
    assert one["locations"] == [
        {
            "path": "etc/dovecot/dovecot.conf",
            "line": 1,
            "column": 1,
            "end_line": 2,
            "end_column": 2,
            "label": "here",
            "primary": True,
        }
    ]
    assert (one["tags"], one["advice"], one["fix"]) == (["refused"], "advice", None)


def test_places_without_a_text_and_the_way_to_a_file() -> None:
    places = (
        Location(FILE.path, FILE.span(0, 6), primary=True, via=(MAIN.span(0, 21),)),
        Location.of("etc/ssl/key.pem", "the key"),
        Location("default 2.4.1", label="its default", default_of="2.4.1"),
    )
    (one,) = report([finding(*places)])["findings"]
    first, via, file, default = one["locations"]
    assert (first["line"], first["primary"]) == (1, True)
    assert (via["path"], via["line"], via["label"]) == ("etc/dovecot/main.conf", 1, "included here")
    assert (file["path"], file["line"]) == ("etc/ssl/key.pem", None)
    assert (default["path"], default["default_of"]) == (None, "2.4.1")


def test_the_summary_counts_what_is_hidden() -> None:
    place = Location.of(FILE.span(0, 6), primary=True)
    data = report([finding(place), finding(place, severity=Severity.INFO)], Severity.LOW)
    assert data["summary"] == {"critical": 0, "high": 1, "medium": 0, "low": 0, "info": 1}
    assert len(data["findings"]) == 1


@pytest.mark.parametrize("key", ["schema_version", "tool", "hosts", "findings", "not_checked", "errors", "summary"])
def test_the_schema_refuses_a_report_that_lacks_something(key: str) -> None:
    data = report([finding(Location.of(FILE.span(0, 6), primary=True))])
    del data[key]
    with pytest.raises(ValidationError):
        validated(serialised(data))


def test_the_schema_wants_one_primary_place() -> None:
    with pytest.raises(ValidationError):
        report([finding(Location.of(FILE.span(0, 6)))])
