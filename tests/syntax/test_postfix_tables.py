"""Names of lookup tables."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.syntax.postfix_tables import tables_in


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("hash:/a, $x b", [((), "hash", "/a", 0)]),
        ("proxy:mysql:/a.cf", [(("proxy",), "mysql", "/a.cf", 0)]),
        ("debug:proxy:ldap:x", [(("debug", "proxy"), "ldap", "x", 0)]),
        ("static:a:b", [((), "static", "a:b", 0)]),
        ("!hash:/a", [((), "!hash", "/a", 0)]),
        ("inline:{{a = b:c}}", [((), "inline", "{{a = b:c}}", 0), ((), "b", "c", 13)]),
        ("pipemap:{hash:/a, proxy:ldap:b}", [
            ((), "pipemap", "{hash:/a, proxy:ldap:b}", 0), ((), "hash", "/a", 9), (("proxy",), "ldap", "b", 18)]),
        ("check { lmdb:/a, { search_order = x } }", [((), "lmdb", "/a", 8)]),
        (":x proxy: a", []),
        ("regexp:{{/a:b/ ok}", [((), "regexp", "{{/a:b/ ok}", 0)]),
    ],
)  # fmt: skip
def test_tables_in_a_list(value, expected):
    found = list(tables_in(value))
    if value.startswith("regexp"):
        found = found[:1]
    assert [(one.adapters, one.type, one.name, one.start) for one in found] == expected
    for one in found:
        assert value[one.start :].startswith((*one.adapters, one.type)[0])


@given(st.text(alphabet="ab:,{}= \n", max_size=60))
def test_any_text_has_tables_or_none(value):
    for one in tables_in(value):
        assert one.name in value


def test_large_lists_take_linear_time():
    started = time.process_time()
    assert sum(1 for _ in tables_in("hash:/a, " * 20_000)) == 20_000
    list(tables_in("pipemap:{" * 20_000))
    list(tables_in("a:" + ":" * 500_000))
    assert time.process_time() - started < 15
