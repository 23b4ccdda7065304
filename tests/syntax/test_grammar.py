"""The tables that stand beside the grammars are what the installed Lark makes of them."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from lark.lexer import Lexer
from lark.parsers.lalr_analysis import Reduce

from auditor.syntax import grammar

if TYPE_CHECKING:
    from collections.abc import Iterator

    import lark


class NoTokens(Lexer):
    def __init__(self, configuration: object) -> None: ...

    def lex(self, data: str) -> Iterator[lark.Token]:
        return iter(())


def text_of(name: str) -> str:
    return files("auditor.grammars").joinpath(f"{name}.lark").read_text("utf-8")


def lexer_of(name: str) -> type[Lexer] | None:
    return NoTokens if "%declare" in text_of(name) else None


def actions(parser: lark.Lark) -> list[object]:
    """Return the actions of each state, the states numbered in the order in which they are reached."""
    table = parser.parser.parser._parse_table
    starts = [table.start_states[start] for start in sorted(table.start_states)]
    numbers = {state: number for number, state in enumerate(dict.fromkeys(starts))}
    found: list[object] = []
    for state in growing(numbers):
        row = []
        for token, (action, argument) in sorted(table.states[state].items()):
            if action is Reduce:
                options = argument.options
                row.append(
                    (token, str(argument), argument.order, argument.alias, argument.origin.name, options.expand1)
                )
            else:
                row.append((token, numbers.setdefault(argument, len(numbers))))
        found.append(row)
    found.append([numbers[table.end_states[start]] for start in sorted(table.end_states)])
    return found


def growing(numbers: dict[object, int]) -> Iterator[object]:
    done = 0
    while done < len(numbers):
        yield list(numbers)[done]
        done += 1


def test_every_grammar_is_known() -> None:
    there = {entry.name.removesuffix(".lark") for entry in files("auditor.grammars").iterdir()}
    assert {name for name in there if "." not in name and not name.startswith("__")} == set(grammar.STARTS)


@pytest.mark.parametrize("name", grammar.STARTS)
def test_the_tables_are_of_the_present_grammar(name: str) -> None:
    made = json.loads(files("auditor.grammars").joinpath(f"{name}.json").read_bytes())
    assert made["grammar"] == text_of(name), "run tools/make_parse_tables.py"


@pytest.mark.parametrize("name", grammar.STARTS)
def test_the_tables_are_used_and_do_what_lark_makes_of_the_grammar(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    built = grammar.built(name, text_of(name), lexer_of(name))
    monkeypatch.delattr(grammar, "built")
    loaded = grammar.parser(name, lexer_of(name))
    assert actions(loaded) == actions(built)
    assert {str(one) for one in loaded.terminals} == {str(one) for one in built.terminals}
    assert sorted(map(str, loaded.rules)) == sorted(map(str, built.rules))


def test_a_parser_is_made_of_the_grammar_where_the_tables_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar.lark, "__version__", "2.0.0")
    assert grammar.parser("postfix_tables").parse("hash:/etc/x").children[-1] == "/etc/x"
    monkeypatch.undo()
    monkeypatch.setattr(grammar, "_loaded", None)
    monkeypatch.setattr(grammar, "json", FakeJson)
    assert grammar.parser("postfix_tables").parse("hash:/etc/x").children[-1] == "/etc/x"


class FakeJson:
    """Reads tables of another grammar."""

    @staticmethod
    def loads(_: bytes, **options: object) -> dict[str, str]:
        return {"grammar": "start: "}
