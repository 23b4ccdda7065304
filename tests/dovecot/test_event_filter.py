"""Event filters are refused in the words of doveconf 2.3.19.1, and of 2.4.1 and 2.4.5, which were asked for each."""

from __future__ import annotations

import pytest

from auditor.dovecot.event_filter import filter_error

EXPRESSION = "TOKEN or STRING or NOT or '('"
OPERATOR = "'=' or '>' or '<'"


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
def test_good_23(text: str) -> None:
    assert filter_error(text, "2.3") == ""


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a", f"syntax error, unexpected $end, expecting {OPERATOR}"),
        ("foo bar", f"syntax error, unexpected TOKEN, expecting {OPERATOR}"),
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
def test_bad_23(text: str, error: str) -> None:
    assert filter_error(text, "2.3") == f"event filter: {error}"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ""),
        ("category=auth and not (event=x or y>=5)", ""),
        ('"a b" = "c\\"d" OR e < or', ""),
        ('"never closed', ""),
        ("a b", f"syntax error, unexpected TOKEN, expecting {OPERATOR}"),
        ("a=b c", "syntax error, unexpected TOKEN, expecting end of file"),
        ("a >", "syntax error, unexpected end of file"),
        ("a = )", "syntax error, unexpected ')'"),
        ("! x", "syntax error, unexpected invalid token, expecting end of file"),
        ("(a=b x", "syntax error, unexpected TOKEN, expecting AND or OR or ')'"),
        ("a=b and", f"syntax error, unexpected end of file, expecting {EXPRESSION}"),
        ("category>b", "Only fields support inequality comparisons"),
    ],
)
def test_24(text: str, wanted: str) -> None:
    assert filter_error(text, "2.4") == (f"event filter: {wanted}" if wanted else "")
