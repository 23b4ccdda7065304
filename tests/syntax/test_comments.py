"""Comments and what each stands above or beside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.syntax.comments import Comment, dovecot_comments, postfix_comments
from auditor.syntax.dovecot import parse
from auditor.text import SourceFile


def shown(comments: list[Comment]) -> list[tuple[str, str | None]]:
    return [(one.span.text, one.about.text.rstrip("\n") if one.about else None) for one in comments]


def dovecot(text: str, version: str = "2.3.19") -> list[tuple[str, str | None]]:
    dialect = "2.4" if version.startswith("2.4") else "2.3"
    return shown(list(dovecot_comments(parse(SourceFile("/d", "d", text), dialect, version))))


def postfix(text: str) -> list[tuple[str, str | None]]:
    return shown(list(postfix_comments(SourceFile("/m", "m", text))))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# above\na = b\n", [("# above", "a = b")]),
        ("# one\n  # two\na = b\n", [("# one", "a = b"), ("# two", "a = b")]),
        ("a = b # beside\nc = d\n", [("# beside", "a = b # beside")]),
        ("a = b#c # d\n", [("#c # d", "a = b#c # d")]),
        ('a = "b # c"\n', []),
        ("a = it's # no comment\n", []),
        ("# above\n\na = b\n", [("# above", None)]),
        ("# x\n \t\n# y\na = b\n\n# z\n", [("# x", None), ("# y", "a = b"), ("# z", None)]),
        ("# end", [("# end", None)]),
        ("# x\npassdb {\n  a = b\n}\nc = d\n", [("# x", "passdb {\n  a = b\n}")]),
        ("passdb { # x\n  a = b\n}\n", [("# x", "passdb { # x\n  a = b\n}")]),
        (
            "p {\n  # x\n  q {\n    r = s # y\n  }\n}\n",
            [("# x", "  q {\n    r = s # y\n  }"), ("# y", "    r = s # y")],
        ),
        ("p {\n  a = b\n  # last\n} # end\n", [("# last", None), ("# end", None)]),
        ("# x\na = b \\\n  c # y\nd = e\n", [("# x", "a = b \\\n  c # y"), ("# y", "a = b \\\n  c # y")]),
        ("a = b \\ # first\n  c\n", [("# first", "a = b \\ # first\n  c")]),
        ("# x\np {\n", [("# x", "p {")]),
        ("} # stray\n", [("# stray", None)]),
        ("# x\n!include a.conf # y\n", [("# x", "!include a.conf # y"), ("# y", "!include a.conf # y")]),
        ("broken # x\r\n", [("# x\r", "broken # x\r")]),
    ],
)
def test_of_dovecot(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert dovecot(text) == expected
    assert dovecot(text, "2.4.1") == expected


def test_a_heredoc_holds_no_comment() -> None:
    text = "# x\na = <<END # no comment\n# text\nEND # no comment\n# text, too\nEND\n"
    assert dovecot(text, "2.4.5")[0] == ("# x", text.removeprefix("# x\n").rstrip("\n"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# above\na = b\n", [("# above", "a = b")]),
        ("a = b # value\n", []),
        ("# x\na =\n  b\n  c\nd = e\n", [("# x", "a =\n  b\n  c")]),
        ("a =\n# x\n  b\n  # y\n  # z\n  c\n", [("# x", "  b"), ("# y", "  c"), ("# z", "  c")]),
        ("a =\n# x\n \t\n  b\n", [("# x", None)]),
        ("a = b\n\n# x\n\nc = d\n", [("# x", None)]),
        ("a = b\n# end\n", [("# end", None)]),
        ("# x\n  orphan\n", [("# x", None)]),
        (
            "# x\nsmtp inet n - y - - smtpd\n  -o a=b\n# y\n  -o c=d\n",
            [("# x", "smtp inet n - y - - smtpd\n  -o a=b\n# y\n  -o c=d"), ("# y", "  -o c=d")],
        ),
    ],
)
def test_of_postfix(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert postfix(text) == expected


@given(st.text(alphabet="ab =#{}\\\"'\n\r \t", max_size=60))
def test_any_text_has_comments_that_are_comments(text: str) -> None:
    for comments in (dovecot(text), dovecot(text, "2.4.5"), postfix(text)):
        for comment, _ in comments:
            assert comment.startswith("#")
            assert "\n" not in comment


def test_deep_nesting_and_many_comments_take_no_long() -> None:
    depth = 20_000
    text = "# x\na {\n" * depth + "}\n" * depth
    found = dovecot(text[:2000])
    assert len(found) == 250
    comments = list(dovecot_comments(parse(SourceFile("/d", "d", text), "2.3", "2.3.19")))
    assert len(comments) == depth
    assert comments[0].about == (comments[0].about.file, 4, len(text))
