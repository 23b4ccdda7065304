"""Dovecot's logical lines; each answer was given by doveconf 2.3.19.1, 2.4.1 or 2.4.5 (SYNTAX-FACTS §1)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.syntax.dovecot import Kind, Statement, parse, statement_of, statements
from auditor.text import SourceFile

CORPUS = Path(__file__).parents[2] / "../shared/corpus"
READINGS = [("2.3", "2.3.19"), ("2.4", "2.4.1"), ("2.4", "2.4.2"), ("2.4", "2.4.5")]


def read(text: str, dialect: str = "2.3", version: str = "2.3.19") -> list[Statement]:
    tree = parse(SourceFile("/t.conf", "t.conf", text), dialect, version)
    assert "".join(tree.tokens()) == text
    return list(statements(tree))


def said(text: str, dialect: str = "2.3", version: str = "2.3.19") -> list[tuple[str, ...]]:
    return [(one.kind.value, one.key, one.name, one.value) for one in read(text, dialect, version)]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("a = hi # c", "hi"),
        ("a = x#b", "x"),
        ("a = don't # c", "don't # c"),
        ('a = "abc # def', '"abc # def'),
        ('a = abc "d # e" f # g', 'abc "d # e" f'),
        ('a = "a" "b"', 'a" "b'),
        ('a = "abc" def', '"abc" def'),
        ("a = \"abc'", "\"abc'"),
        ('a = "', ""),
        (r'a = "x\"y\\z\n"', 'x"y\\zn'),
        (r"a = 'it\'s'", "it's"),
        (r"a = a\"b\\c", r"a\"b\\c"),
        ("a=", ""),
        ("a =  b   c\t ", "b   c"),
        ("a = b = c", "b = c"),
        ("a = yes }", "yes }"),
        ("a = {", "{"),
        ("a = b\r", "b"),
        ("a = b\0c", "b"),
        ("a = b\rc", "b\rc"),
    ],
)
def test_value(line: str, value: str) -> None:
    assert said(line) == [("setting", "a", "", value)]


def test_continuation_is_one_blank() -> None:
    assert said("a = b\\\n   c \\ # d\n e\\\\ \nf\n") == [("setting", "a", "", "b c e\\ f")]


@pytest.mark.parametrize("gap", ["\n", "  \n", "# c\n", "   # c\n"])
def test_what_continues_into_nothing_is_lost(gap: str) -> None:
    assert said(f"a = b \\\n{gap}c = d\n") == [("lost", "", "", "a = b "), ("setting", "c", "", "d")]


def test_continuation_at_the_end_is_lost() -> None:
    assert said("a = b \\\n c \\\n") == [("lost", "", "", "a = b c ")]


def test_backslash_in_a_comment_does_not_continue() -> None:
    assert said("# a \\\nb = c # d \\\ne = f\n") == [("setting", "b", "", "c"), ("setting", "e", "", "f")]


def test_lone_backslash_is_nothing() -> None:
    assert said("\\\n\na = b\n\\\nc = d\n") == [("setting", "a", "", "b"), ("setting", "c", "", "d")]


@pytest.mark.parametrize(
    ("line", "key", "name"),
    [
        ("passdb {", "passdb", ""),
        ("service imap-login { # c", "service", "imap-login"),
        ('local_name "a b" {', "local_name", "a b"),
        ("namespace a=b {", "namespace", "a=b"),
        ("protocol 'imap' {", "protocol", "'imap'"),
        ("protocol \\\n imap \\\n {", "protocol", "imap"),
    ],
)
def test_opening(line: str, key: str, name: str) -> None:
    assert said(line) == [("open", key, name, "")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("login_greeting", "Expecting '{'"),
        ("login greeting = x", "Expecting '{'"),
        ("passdb{", "Expecting '{'"),
        ("protocol imap{", "Expecting '{'"),
        ("protocol a b {", "Expecting '{'"),
        ('local_name "a {', "Expecting '{'"),
        ("{", "Expecting '{'"),
        ("} x", "Expecting '{'"),
        ("}}", "Expecting '{'"),
        ("passdb { driver = pam }", "Garbage after '{'"),
        ("passdb x {}", "Garbage after '{'"),
        ("!foo", "Expecting '{'"),
    ],
)
def test_refused(line: str, message: str) -> None:
    (statement,) = read(f"\n{line}\n")
    assert (statement.kind, statement.message, statement.line) == (Kind.ERROR, message, 2)


def test_special_assignments() -> None:
    assert said(
        'a = < /etc/x y # c\nb = x $b\nc = "$b"\nd = "<x"\n!include a b # c\n!include_try = x\n!include=x\n'
    ) == [
        ("file", "a", "", "/etc/x y"),
        ("variable", "b", "", "x $b"),
        ("setting", "c", "", "$b"),
        ("setting", "d", "", "<x"),
        ("include", "!include", "", "a b"),
        ("include_try", "!include_try", "", "= x"),
        ("setting", "!include", "", "x"),
    ]


def test_2_4_quoted_keys_and_groups() -> None:
    text = '"a b" = c\n"}"\ngroup @l n {\n}\ngroup @l\ngroup {\n"group" {\n'
    assert said(text, "2.4", "2.4.1") == [
        ("setting", "a b", "", "c"),
        ("close", "", "", ""),
        ("group", "@l", "n", ""),
        ("close", "", "", ""),
        ("error", "@l", "", ""),
        ("open", "group", "", ""),
        ("open", "group", "", ""),
    ]


def test_2_4_white_space_is_isspace() -> None:
    assert said("a =\vb\f\n", "2.4", "2.4.1") == [("setting", "a", "", "b")]
    assert said("a =\vb\f\n") == [("setting", "a", "", "\vb\f")]


@pytest.mark.parametrize(("version", "value"), [("2.4.1", "anb'"), ("2.4.2", None)])
def test_escapes_are_strict_from_2_4_2(version: str, value: str | None) -> None:
    (statement,) = read('a = "a\\nb\'"', "2.4", version)
    if value is None:
        assert (statement.kind, statement.message) == (Kind.ERROR, "Unknown escape sequence \\n")
    else:
        assert statement.value == value


def test_heredoc_from_2_4_5() -> None:
    text = "a = << END # c\nx # y\n END\r\n\nEND\nb = c\n"
    assert said(text, "2.4", "2.4.5") == [("heredoc", "a", "", "x # y\n END\n\n"), ("setting", "b", "", "c")]
    assert [one[0] for one in said(text, "2.4", "2.4.4")] == ["file", "error", "error", "error", "setting"]


def test_heredoc_without_end() -> None:
    (statement,) = read("a = <<END\nx\ny\n", "2.4", "2.4.5")
    assert (statement.kind, statement.message, statement.line) == (Kind.ERROR, "Missing END", 3)


def test_spans_follow_continuations() -> None:
    (statement,) = read('  auth \\\n  "x y"  \\\n  { # c\n')
    assert (statement.span.line, statement.span.end_line, statement.line) == (1, 3, 3)
    assert statement.key_span.text == "auth"
    assert statement.name_span.text == '"x y"'
    (statement,) = read('\nlogin_greeting = "a \\\n  b"\n')
    assert statement.value == "a b"
    assert statement.value_span.text == '"a \\\n  b"'


def test_pending_text_is_read_with_the_next_line() -> None:
    tree = parse(SourceFile("/t", "t", "  mail_home = /h\n"), "2.3", "2.3.19")
    statement = statement_of(tree, next(iter(tree.tokens())), "mail_path = a ")
    assert statement is not None
    assert (statement.kind, statement.key, statement.value) == (Kind.SETTING, "mail_path", "a mail_home = /h")
    assert statement.span.text == "mail_home = /h"


PIECES = st.sampled_from(
    [
        "a",
        "=",
        " ",
        "\t",
        "\n",
        "\r",
        "\\",
        '"',
        "'",
        "#",
        "{",
        "}",
        "<",
        "<<E",
        "E\n",
        "$",
        "!include",
        "@",
        "group",
        "\0",
        "\udcff",
        "é",
        "\f",
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join), st.sampled_from(READINGS))
@settings(max_examples=300, deadline=None)
def test_any_text_is_given_back(text: str, reading: tuple[str, str]) -> None:
    for statement in read(text, *reading):
        spans = (statement.span, statement.key_span, statement.name_span, statement.value_span)
        assert all(0 <= span.start <= span.end <= len(text) for span in spans)


def test_corpus_is_given_back() -> None:
    if not CORPUS.is_dir():
        pytest.skip("no corpus beside the repository")
    files = [path for path in CORPUS.rglob("*") if "dovecot" in str(path) and path.is_file()]
    for path in files:
        data = path.read_bytes()
        source = SourceFile(str(path), str(path), data.decode("utf-8", "surrogateescape"))
        for dialect, version in READINGS:
            joined = "".join(parse(source, dialect, version).tokens())
            assert joined.encode("utf-8", "surrogateescape") == data


@pytest.mark.parametrize(
    "text",
    [
        "a {\n" * 5_000,
        "a {\n" * 5_000 + "}\n" * 6_000,
        "a = b" + " \\\n b" * 100_000,
        "a = " + "x" * 1_000_000,
        "a = '" + "\\'" * 500_000,
        "\"'" * 500_000,
        "#\n" * 100_000,
    ],
    ids=["nested", "closed", "continued", "long", "quoted", "quotes", "comments"],
)
def test_large_texts(text: str) -> None:
    assert read(text) is not None
