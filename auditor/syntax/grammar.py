"""Parsers of the grammars in ``auditor.grammars``.

To make one from its grammar takes Lark some ten milliseconds; the tables that ``tools/make_parse_tables.py`` made of
the same grammar, in Lark's own serialised form, are there at once.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import lark

from auditor.packaged import contents

if TYPE_CHECKING:
    from lark.lexer import Lexer

STARTS: Final = {
    "dovecot": ("start",),
    "dovecot_variables": ("start",),
    "main_cf": ("start",),
    "master_cf": ("start",),
    "postfix_expansion": ("value", "body"),
    "postfix_restrictions": ("start",),
    "postfix_tables": ("table",),
}
"""The grammars, and their start symbols."""

_SAME_FORM: Final = re.compile(r"1\.(?:1\.(?:[5-9]|\d\d)|[23])(?:\.\d+)*")
"""The versions of Lark that take tables of this form: 1.1.5, 1.1.9, 1.2.2 and 1.3.1 were tried."""


def parser(name: str, lexer: type[Lexer] | None = None) -> lark.Lark:
    """Return the parser of a grammar; ``lexer`` makes the terminals that the grammar has no patterns for."""
    grammar = contents("auditor.grammars", f"{name}.lark").decode()
    if _SAME_FORM.fullmatch(lark.__version__):
        with suppress(FileNotFoundError):
            made = json.loads(contents("auditor.grammars", f"{name}.json"))
            if made["grammar"] == grammar:
                return _loaded(made, lexer)
    return built(name, grammar, lexer)


def built(name: str, grammar: str, lexer: type[Lexer] | None) -> lark.Lark:
    """Return the parser that Lark makes of a grammar's text."""
    return lark.Lark(
        grammar, start=list(STARTS[name]), parser="lalr", lexer=lexer or "contextual", maybe_placeholders=False
    )


def _numbered(entries: dict[str, Any]) -> dict[int, Any]:
    """Return an object of JSON, where every key is a text, with the numbers that Lark wants."""
    return {int(key): value for key, value in entries.items()}


def _loaded(made: dict[str, Any], lexer: type[Lexer] | None) -> lark.Lark:
    data = made["data"]
    table = data["parser"]["parser"]
    table["tokens"] = _numbered(table["tokens"])
    table["states"] = {int(state): _numbered(actions) for state, actions in table["states"].items()}
    data["options"]["lexer"] = data["parser"]["lexer_conf"]["lexer_type"] = lexer or "contextual"
    # Besides a file, Lark.load takes what would be in it.
    return lark.Lark.load({"data": data, "memo": _numbered(made["memo"])})
