"""``$`` expansion; Postfix's own cases are in tests/peers."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.postfix.expansion import (
    Expander,
    ExpansionError,
    Features,
    TooLargeError,
    compare,
    compatibility_level,
)
from auditor.syntax.postfix_expansion import parse_body, parse_value, tokens

NEWEST = Features.of((3, 11))


def expand(value: str, features: Features = NEWEST, /, **values: str) -> str:
    return Expander(values.get, features).expand(value).text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("$a-b", "1-b"),
        ("$$a", "$a"),
        ("${a}$(a)${ a }", "111"),
        ("${x?{yes}:{no}}", "no"),
        ("${a?{yes}:{no}}", "yes"),
        ("${a?b:c}", "b:c"),
        ("${x:{$r}}", "x1"),
        ("${{$a} == {1} ? {$r} : {no}}", "x1"),
        ("${{10} < {9} ? {text} : {numbers}}", "numbers"),
        ("${{3.10} < {3.2} ? {text} : {numbers}}", "text"),
        ("${{3.10} <level {3.2} ? {text} : {levels}}", "levels"),
        ("${{a} == {a}}", "true"),
        ("$(x}", None),
        ("${a", None),
        ("$", None),
        ("a$/", None),
        ("${a.b}", None),
        ("${a?{$(}:{x}}", None),
        ("${x?{$(}:{x}}", "x"),
    ],
)
def test_expand(value, expected):
    if expected is None:
        with pytest.raises(ExpansionError):
            expand(value, a="1", r="x$a")
    else:
        assert expand(value, a="1", r="x$a") == expected


def test_versions_know_different_things():
    assert expand("${domain_to_ascii{ b\u00fccher.example }}") == "xn--bcher-kva.example"
    with pytest.raises(ExpansionError, match="unknown function"):
        expand("${domain_to_ascii{x}}", Features.of((3, 10)))
    with pytest.raises(ExpansionError, match="expected at"):
        expand("${{1} <level {2} ? {x}}", Features.of((3, 5)))


def test_loops_and_deep_nesting_end_as_in_the_daemon():
    with pytest.raises(ExpansionError, match="unreasonable macro call nesting"):
        expand("$a", a="$a x")
    with pytest.raises(ExpansionError, match="unreasonable macro call nesting"):
        expand("$a", a="${{$b} == {x} ? {y}}", b="$a")
    chain = {f"p{number}": f"$p{number + 1}" for number in range(90)} | {"p90": "end"}
    assert expand("$p0", **chain) == "end"
    chain = {f"p{number}": f"$p{number + 1}" for number in range(200)} | {"p200": "end"}
    with pytest.raises(ExpansionError, match="unreasonable macro call nesting"):
        expand("$p0", **chain)


def test_a_short_text_that_expands_to_a_huge_one_is_given_up():
    bomb = {f"p{number}": f"$p{number + 1}" * 10 for number in range(12)} | {"p12": "x" * 10}
    started = time.process_time()
    with pytest.raises(TooLargeError):
        expand("$p0", **bomb)
    empty = {f"p{number}": f"$p{number + 1}" * 10 for number in range(40)} | {"p40": ""}
    assert expand("$p0", **empty) == ""
    assert time.process_time() - started < 5


def test_nested_groups_do_not_exhaust_the_stack():
    for depth in (50, 5_000):
        for opening, closing in (("${{", "} == {x}}"), ("${a?{", "}}"), ("${a?", "}"), ("$(", ")")):
            try:
                expand(opening * depth + "x" + closing * depth, a="1")
            except ExpansionError:
                continue


def test_places_of_pieces():
    values = {"list": "one, $more two", "more": "three${empty?{x}:{ four}}"}
    expansion = Expander(values.get, NEWEST).expand(values["list"], "list")
    assert [(piece.text, piece.source, piece.start) for piece in expansion.pieces] == [
        ("one, ", "list", 0),
        ("three", "more", 0),
        (" four", "more", 18),
        (" two", "list", 10),
    ]
    assert expansion.used == ("more", "empty")
    for piece in expansion.pieces:
        assert values[piece.source][piece.start :].startswith(piece.text)


def test_levels():
    assert compatibility_level("3.6") == (3, 6, 0)
    for text in ("", "3.", "3.6.1.1", "x", "3.1024", "9" * 100):
        with pytest.raises(ExpansionError, match="malformed compatibility level syntax"):
            compatibility_level(text)


def test_comparison():
    assert compare("010", "10") == 0
    assert compare("9" * 5000, "8" * 5000) == 1
    assert compare("a", "b") == -1
    assert compare("10", "9a") == -1


@given(st.text(alphabet="$(){}?: =<ab!\n", max_size=60))
def test_any_text_expands_or_is_refused(text):
    try:
        expand(text, a="1", b="$a")
    except ExpansionError:
        return
    assert "".join(str(token) for token in tokens(parse_value(text))) == text


@given(st.text(alphabet="{}?: =<ab!$", max_size=40))
def test_bodies_are_their_tokens_joined(text):
    try:
        tree = parse_body(text)
    except ExpansionError:
        return
    assert "".join(str(token) for token in tokens(tree)) == text


@pytest.mark.parametrize(
    ("name", "in_ascii", "in_utf8"),
    [
        ("", None, ""),
        ("EXAMPLE.Org", "EXAMPLE.Org", "example.org"),
        ("a..b", "a..b", None),
        ("a b", "a b", None),
        ("a_b", "a_b", "a_b"),
        ("xn--9ca", "xn--9ca", "\u00e9"),
        ("xn--zz", "xn--zz", None),
        ("\u00c9.org", "xn--9ca.org", "\u00c9.org"),
        ("\u00e9 b", None, "\u00e9 b"),
        ("\u00e9.", None, "\u00e9."),
    ],
)
def test_forms_of_domain_names(name, in_ascii, in_utf8):
    """As ``postconf -x`` of 3.11.7 expands them."""
    for function, expected in (("domain_to_ascii", in_ascii), ("domain_to_utf8", in_utf8)):
        text = f"${{{function}{{{name}}}}}"
        if expected is None:
            with pytest.raises(ExpansionError):
                expand(text)
        else:
            assert expand(text) == expected
