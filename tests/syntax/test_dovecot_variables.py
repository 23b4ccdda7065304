"""Variables; each answer of ``variables_error`` was given by doveconf 2.4.5 for ``login_greeting``."""

from __future__ import annotations

import time

import pytest

from auditor.syntax.dovecot_variables import unknown_variable, variables_error

AFTER_FILTER = "CCBRACE or PIPE"
ARGUMENT = "MINUS or NAME or VALUE or NUMBER"


@pytest.mark.parametrize(
    "value",
    [
        *("%u %h", "%{}", "%{user}x%u", "%{user}}", "%%{user", "%", "%{user + 1}", "%{user:foo}", "%{user || lower}"),
        *("%{@x}", "%{a | b(@c)}", "%{;}", "%{user % 3}", "%{a | b * c}", "%{user.x-y/z}", "%{user | substr(-1)}"),
        *('%{user | lower(a=1,b="c",d)}', "%{user | if(\"=\", 'x', a, b)}", "é%{é}", "%{nosuch}"),
    ],
)
def test_taken(value: str) -> None:
    assert variables_error(value, strict=True) == ""


@pytest.mark.parametrize(
    ("value", "unexpected", "expecting"),
    [
        ("%{user", "end of file", AFTER_FILTER),
        ("%{user |", "end of file", "CCBRACE or PIPE or NAME"),
        ("%{user | lower", "end of file", AFTER_FILTER),
        ("%{user | lower(", "end of file", ARGUMENT),
        ("%{user | lower(1", "end of file", "CBRACE or COMMA"),
        ("%{", "end of file", "CCBRACE or PIPE or NAME"),
        ("%{user | lower()}", "CBRACE", ARGUMENT),
        ("%{user | lower('a}", "end of file", ARGUMENT),
        ("%{user name}", "NAME", AFTER_FILTER),
        ("%{1user}", "NUMBER", "CCBRACE or PIPE or NAME"),
        ("%{user | +}", "PLUS", "CCBRACE or PIPE or NAME"),
        ("%{user = 2}", "EQ", AFTER_FILTER),
        ("%{user(}", "CCBRACE", ARGUMENT),
        ("%{user, b}", "COMMA", AFTER_FILTER),
        ("%{user | lower(=1)}", "EQ", ARGUMENT),
        ("%{user | lower(a=)}", "CBRACE", ARGUMENT),
        ("%{user | substr(--1)}", "MINUS", "NUMBER"),
        ("%{if;%d;ne;;%d;%{hostname}}", "PERC", AFTER_FILTER),
    ],
)
def test_refused(value: str, unexpected: str, expecting: str) -> None:
    assert variables_error(value, strict=True) == f"syntax error, unexpected {unexpected}, expecting {expecting}"


def test_refused_by_the_lexer() -> None:
    assert variables_error("%{user|default('\\q')}", strict=True) == "Invalid character escape"
    assert variables_error("%{ if ; a}", strict=True) == "Premature program end"
    assert variables_error("%{a@b}", strict=True) == "Premature program end"
    assert variables_error("%{a}%{$b}x%{c", strict=True) == "Premature program end"
    assert variables_error("%{user <", strict=True) == "Premature program end"


def test_strays_are_passed_over_up_to_2_4_1() -> None:
    assert (
        variables_error("%{a}%{$b}x%{c", strict=False)
        == f"syntax error, unexpected end of file, expecting {AFTER_FILTER}"
    )
    assert variables_error("%{user <}", strict=False) == ""


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("%{user}", "Unknown variable 'user'"),
        ("%{user | lower}", "Unknown variable 'user'"),
        ("%{user | default('x')}", ""),
        ("%{user | username | default('x')}", "Unknown variable 'user'"),
        ("x%{env:FOO}%{foo}", "Unknown variable 'foo'"),
        ("%{user:x}", "Unsupported prefix 'user'"),
        ("%{user + 5}", "Unknown variable 'user'"),
        ("%{system:hostname}", ""),
        ("%{}", ""),
        ("a%%{user}", ""),
        ("%{if(user, '=', 'x', 'a', 'b')}", ""),
    ],
)
def test_what_is_unknown_without_a_user(value: str, wanted: str) -> None:
    """Each answer was given by doveconf 2.4.1 and 2.4.5 for ``passdb_driver``; functions are not followed."""
    assert unknown_variable(value) == wanted


@pytest.mark.parametrize("text", ["%{" * 100_000, "%{a|" + "b|" * 100_000, "%{a(" + "'\\" * 100_000, "%" * 200_000])
def test_long_values(text: str) -> None:
    started = time.process_time()
    variables_error(text, strict=True)
    assert time.process_time() - started < 10
