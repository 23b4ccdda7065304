"""Logical lines and words of Postfix's text files; Postfix's own cases are in tests/peers."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.syntax.postfix_lines import (
    Kind,
    Word,
    braced,
    closing_brace,
    logical_line,
    logical_lines,
    name_value,
    stretches,
    words,
)
from auditor.text import SourceFile


def source(text: str) -> SourceFile:
    return SourceFile("/t", "t", text)


def test_comments_and_empty_lines_do_not_end_a_logical_line():
    text = "a = 1\n# c\n\n   # d\n  2\n#e\nb = 3\n"
    assert [line.text for line in logical_lines(source(text))] == ["a = 1  2", "b = 3"]


def test_a_commented_out_line_glues_its_continuation_to_the_line_above():
    assert [line.text for line in logical_lines(source("a = 1\n#b = 2\n   3\n"))] == ["a = 1   3"]


def test_an_orphan_is_dropped_with_its_continuation():
    text = "  a = 1\n  more\nb = 2\n"
    assert [stretch.kind for stretch in stretches(text)] == [Kind.ORPHAN, Kind.LINE]
    assert [line.text for line in logical_lines(source(text))] == ["b = 2"]


def test_spans_of_a_joined_line_point_into_the_file():
    file = source("a = one\n# comment\n  two\n")
    (line,) = logical_lines(file)
    at = line.text.index("two")
    assert line.span(at, at + 3).text == "two"
    assert (line.span(at, at + 3).line, line.span(at, at + 3).column) == (3, 3)
    assert line.span(4, at + 3).text == "one\n# comment\n  two"


def test_text_after_a_nul_is_not_seen():
    assert [line.text for line in logical_lines(source("a = b\0c\n d\n"))] == ["a = b"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b  c", ["a", "b", "c"]),
        ("foo{ bar } baz", ["foo{ bar }", "baz"]),
        ("inline:{a=b, {c = d}}, x", ["inline:{a=b, {c = d}}", "x"]),
        ("{ unclosed x", ["{ unclosed x"]),
        ("a} b", ["a}", "b"]),
        (" , ", []),
    ],
)
def test_words(text, expected):
    found = list(words(text))
    assert [word.text for word in found] == expected
    assert all(text[word.start : word.end] == word.text for word in found)


def test_braced_reports_what_is_wrong():
    assert braced(Word("{ a b }", 5, 12)).text == "a b"
    assert braced(Word("{ a b }", 5, 12)).start == 7
    assert braced(Word("{ a", 0, 3)).error == "missing '}' in \"{ a\""
    assert braced(Word("{a}b", 0, 4)).error == "syntax error after '}' in \"{a}b\""


@pytest.mark.parametrize(
    ("text", "name", "value", "error"),
    [
        ("a = b c ", "a", "b c", None),
        ("a=", "a", "", None),
        ("a==b", "a", "=b", None),
        ("a b = c", "", "", "missing '=' after attribute name"),
        ("= c", "", "", "missing attribute name"),
        ("  ", "", "", "missing attribute name"),
        ("a\v=\r\n b\r", "a", "b", None),
    ],
)
def test_name_value(text, name, value, error):
    found = name_value(text)
    assert (found.name, found.value, found.error) == (name, value, error)
    if error is None:
        assert text[found.name_start :].startswith(name)
        assert text[found.value_start :].startswith(value)


@given(st.text(alphabet='ab =#\n\t\r\0{}\\"\u00e9', max_size=80))
def test_stretches_are_lossless_and_lines_map_back(text):
    parts = list(stretches(text))
    assert "".join(text[part.start : part.end] for part in parts) == text
    file = source(text)
    for part in parts:
        if part.kind in (Kind.LINE, Kind.ORPHAN):
            line = logical_line(file, part)
            for at, character in enumerate(line.text):
                assert text[line.offset(at)] == character


@given(st.text(alphabet="a{},: \n", max_size=60))
def test_words_lose_nothing_but_separators(text):
    found = list(words(text))
    assert "".join(word.text for word in found).replace(" ", "") != "" or not text.strip(", \t\r\n")
    assert all(text[word.start : word.end] == word.text for word in found)


@pytest.mark.parametrize(
    "text",
    [
        "a = 1\n" + "  x\n" * 100_000,
        "a = 1\n" + "# c\n" * 100_000 + " x\n",
        "x" * 1_000_000,
        " " * 1_000_000,
        "a = " + "{" * 1_000_000,
        "a" + " " * 1_000_000 + "b",
        "a = " + "{ } " * 250_000,
    ],
    ids=["continuations", "comments", "long", "blank", "braces", "no equals sign", "words"],
)
def test_large_inputs_take_linear_time(text):
    started = time.process_time()
    for line in logical_lines(source(text)):
        name_value(line.text)
        sum(1 for _ in words(line.text))
        line.offset(len(line.text) // 2)
    assert time.process_time() - started < 3


def test_closing_brace():
    assert closing_brace("{a{b}c}d", 0) == 6
    assert closing_brace("{a{b}c", 0) == -1
