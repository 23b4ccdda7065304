"""Event filters are refused in the words of doveconf 2.3.19.1, which was asked for each."""

from __future__ import annotations

import pytest

from auditor.dovecot.event_filter import filter_error

EXPRESSION = "TOKEN or STRING or NOT or '('"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "event=x",
        "(event=x or y>3 and not(b=c)) and event=and",
        "not not a=1",
        'a = "b\\"c\\\\d" or Event>=x',
        "a > = 3",
        "((a=1))",
    ],
)
def test_good(text: str) -> None:
    assert filter_error(text) == ""


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a", "syntax error, unexpected $end, expecting '=' or '>' or '<'"),
        ("foo bar", "syntax error, unexpected TOKEN, expecting '=' or '>' or '<'"),
        ("a=1 2", "syntax error, unexpected TOKEN, expecting $end"),
        ("a=1,2", "syntax error, unexpected $undefined, expecting $end"),
        ("a=(1)", "syntax error, unexpected '('"),
        ("(a=1", "syntax error, unexpected $end, expecting AND or OR or ')'"),
        (")a=1", "syntax error, unexpected ')', expecting $end"),
        ("a >=", "syntax error, unexpected $end"),
        ("a == 3", "syntax error, unexpected '='"),
        ('a = "b', "syntax error, unexpected $end"),
        ("a=b or", f"syntax error, unexpected $end, expecting {EXPRESSION}"),
        ("not =", f"syntax error, unexpected '=', expecting {EXPRESSION}"),
        ("=", "syntax error, unexpected '=', expecting $end"),
        ("and", "syntax error, unexpected AND, expecting $end"),
        ("category>1", "Only fields support inequality comparisons"),
    ],
)
def test_bad(text: str, error: str) -> None:
    assert filter_error(text) == f"event filter: {error}"
