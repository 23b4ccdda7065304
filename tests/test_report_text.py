"""The report for people: frames with the user's own lines, marked where it matters, fit for any terminal."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports import text_report

from auditor.audit import Audit
from auditor.failure import Failure
from auditor.finding import Confidence, Finding, Location, NotChecked, Severity
from auditor.report.lines import line, plain, print_coloured
from auditor.text import HIDDEN, SourceFile, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXT = """\
passdb {
  driver = static
  args = nopassword=y
}
protocols = imap
"""
FILE = SourceFile("/etc/dovecot/dovecot.conf", "etc/dovecot/dovecot.conf", TEXT)


def span(words: str, file: SourceFile = FILE) -> Span:
    start = file.text.index(words)
    return file.span(start, start + len(words))


def finding(*locations: Location, message: str = "anyone gets in", advice: str = "take it out") -> Finding:
    return Finding("some-rule", Severity.HIGH, Confidence.HIGH, message, locations, advice)


def audit(
    findings: Sequence[Finding] = (), not_checked: Sequence[NotChecked] = (), failures: Sequence[Failure] = ()
) -> Audit:
    return Audit((), (), tuple(findings), tuple(not_checked), tuple(failures))


def shown(*locations: Location, width: int = 80) -> str:
    report = text_report(audit([finding(*locations)]), width=width)
    return report.partition("\n\n")[0] + "\n"


def test_one_place_on_one_line() -> None:
    assert shown(Location.of(span("args = nopassword=y"), "any password will do", primary=True)) == (
        "high[some-rule]: anyone gets in\n"
        " --> etc/dovecot/dovecot.conf:3:3\n"
        "  |\n"
        "3 |    args = nopassword=y\n"
        "  |    ^^^^^^^^^^^^^^^^^^^ any password will do\n"
        "  |\n"
        "  = how to mend: take it out\n"
    )


def first_lines(place: Span) -> list[str]:
    return [one for one in shown(Location.of(place, primary=True)).splitlines() if one.startswith("1 |")]


def test_a_line_that_is_cut_says_so() -> None:
    long = SourceFile("/m", "m", "a = " + "b" * 100 + " c\n")
    (line,) = first_lines(long.span(0, 1))
    assert line.endswith("bbb...")
    assert len(line) <= 80
    (line,) = first_lines(long.span(105, 106))
    assert line.startswith("1 |  ...bbb")
    assert line.endswith(" c")


def test_other_places_stand_in_the_same_frame_or_in_one_of_their_own() -> None:
    other = SourceFile("/etc/dovecot/users", "etc/dovecot/users", "alice:{PLAIN}hunter2\n")
    other.mark_secret(6, 20)
    report = shown(
        Location.of(span("driver = static"), primary=True),
        Location.of(span("protocols = imap"), "for these"),
        Location.of(other.span(0, 5), "this user"),
    )
    assert "::: etc/dovecot/users:1:1" in report
    assert f"alice:{HIDDEN}" in report
    assert "hunter2" not in report
    assert report.index("driver = static") < report.index("...") < report.index("protocols = imap")
    assert "---------------- for these" in report


def test_a_place_over_several_lines_has_a_bar() -> None:
    report = shown(Location.of(span(TEXT[: TEXT.index("}") + 1]), "this block", primary=True))
    assert "1 |> passdb {\n2 |>   driver = static\n3 |>   args = nopassword=y\n4 |> }\n  |^ this block\n" in report


def test_a_long_block_is_cut_in_the_middle() -> None:
    file = SourceFile("/x", "x", "{\n" + "x = y\n" * 1000 + "}\n")
    report = shown(Location.of(file.span(0, len(file.text) - 1), primary=True))
    assert report.count("x = y") < 10
    assert "...\n1002 |> }" in report


def test_places_without_text() -> None:
    report = shown(
        Location.of("etc/ssl/private/key.pem", "anyone can read it", primary=True),
        Location("default 3.7.11", label="`smtpd_tls_ask_ccert` is `no`", default_of="3.7.11"),
    )
    assert "= etc/ssl/private/key.pem: anyone can read it" in report
    assert "= built-in default of 3.7.11: `smtpd_tls_ask_ccert` is `no`" in report


def test_the_way_to_an_included_file_is_told() -> None:
    main = SourceFile("/m", "etc/dovecot/dovecot.conf", "!include conf.d/*.conf\n")
    location = Location(FILE.path, span("passdb {"), primary=True, via=(main.span(0, 22),))
    assert "included at etc/dovecot/dovecot.conf:1\n" in shown(location)


def test_tabs_and_escapes_keep_the_marks_in_place() -> None:
    file = SourceFile("/x", "x", "\tname\x1b[31m\t= välue中 # x\n")
    lines = shown(Location.of(span("välue中", file), primary=True)).splitlines()
    text = next(one for one in lines if one.startswith("1 |"))
    marks = next(one for one in lines if "^" in one)
    assert "name\\x1b[31m = välue中" in text
    assert marks.index("^") == text.index("välue")
    assert marks.count("^") == len("välue中") + 1, "a CJK character takes two columns"


def test_a_mark_inside_a_hidden_part_shows_nothing_of_it() -> None:
    file = SourceFile("/x", "x", "  ssl_key_password = hunter2\n")
    report = shown(Location.of(span("hunter2", file), primary=True))
    assert "hunter2" not in report
    assert HIDDEN in report
    assert "^" in report


@pytest.mark.parametrize("width", [40, 80, 120])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    file = SourceFile("/x", "x", "a = " + "word " * 500 + "needle " + "word " * 500 + "\n")
    report = text_report(
        audit(
            [finding(Location.of(span("needle", file), "l" * 500 + " label", primary=True), message="word " * 100)],
            [NotChecked("something " * 20, "because " * 20, ("rule-one", "rule-two"))],
        ),
        width=width,
    )
    assert "needle" in report
    assert max(len(one) for one in report.splitlines() if "llll" not in one) <= width


@pytest.mark.parametrize("place", ["message", "label", "advice", "path", "what", "why"])
def test_no_control_character_reaches_the_terminal(place: str) -> None:
    evil = "\x1b]0;owned\x07\n\u202e[red]x[/red]\udcff"
    texts = dict.fromkeys(("message", "label", "advice", "path", "what", "why"), "x") | {place: evil}
    file = SourceFile("/x", texts["path"], TEXT)
    one = finding(
        Location.of(span("passdb", file), texts["label"], primary=True),
        Location.of(texts["path"], texts["label"]),
        message=texts["message"],
        advice=texts["advice"],
    )
    report = text_report(audit([one], [NotChecked(texts["what"], texts["why"])]))
    assert not [char for char in report if ord(char) < 0x20 and char != "\n"]
    assert "\u202e" not in report
    assert "[red]" in report
    report.encode()


def test_colour_is_only_around_the_text() -> None:
    stream = io.StringIO()
    print_coloured([line(("[bold]:smile: 12 'x' /path", "high"), " plain")], stream)
    assert "[bold]:smile: 12 'x' /path" in stream.getvalue()
    assert "\x1b[1;31m" in stream.getvalue()
    assert plain([line(("[bold]", "high"), " x  ")]) == "[bold] x\n"


def test_things_not_checked_are_grouped_by_reason() -> None:
    entries = [NotChecked(f"/etc/ssl/{number}", "outside the tree", ("crl-missing",)) for number in range(50)]
    report = text_report(audit([], [*entries, NotChecked("sql", "SQL is not read")]))
    assert report.count("outside the tree:") == 1
    assert "/etc/ssl/39 (for crl-missing)" in report
    assert "and 10 more" in report
    assert report.index("outside") < report.index("SQL is not read:")


@pytest.mark.parametrize(
    ("severities", "threshold", "summary"),
    [
        ([], Severity.LOW, "no findings."),
        ([Severity.HIGH], Severity.LOW, "1 finding (1 high)."),
        (
            [Severity.CRITICAL, Severity.INFO, Severity.INFO],
            Severity.LOW,
            "3 findings (1 critical, 2 info), 2 of them below low and not shown.",
        ),
    ],
)
def test_the_summary_counts_everything(severities: list[Severity], threshold: Severity, summary: str) -> None:
    findings = [
        Finding(f"rule-{number}", severity, Confidence.HIGH, "m", (Location.of("x", primary=True),))
        for number, severity in enumerate(severities)
    ]
    assert " ".join(text_report(audit(findings), threshold).split()).endswith(summary)


def test_errors_and_gaps_are_in_the_summary() -> None:
    report = text_report(audit([], [NotChecked("a", "b")], [Failure("x")]))
    assert report.endswith("no findings; 1 thing not checked; 1 error.\n")


@given(st.text(max_size=200), st.integers(0, 200), st.integers(0, 200), st.integers(20, 100))
def test_any_text_and_place_can_be_shown(text: str, one: int, other: int, width: int) -> None:
    file = SourceFile("/x", "x", text)
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    shown(Location.of(file.span(start, end), "label", primary=True), width=width)
