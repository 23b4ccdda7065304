"""Names of Postfix's lookup tables: ``type:name``, with adapters before and other tables inside."""

from __future__ import annotations

from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING, Final, NamedTuple

import lark

from auditor.syntax.grammar import parser
from auditor.syntax.postfix_lines import Word, braced, words

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH: Final = 50
"""Braces in braces that are looked into for table names."""


class TableName(NamedTuple):
    """The name of a table: ``adapters`` (``proxy``, ``debug``) before its type; with ``contents`` it is given in place.

    ``start`` is its offset in the value.
    """

    type: str
    name: str
    adapters: tuple[str, ...]
    contents: bool
    start: int


@cache
def _parser() -> lark.Lark:
    return parser("postfix_tables")


def table_name(word: Word) -> TableName | None:
    """Return the table that a word names; None where it names none."""
    if ":" not in word.text:
        return None
    try:
        tree = _parser().parse(word.text)
    except lark.exceptions.UnexpectedInput:
        return None
    parts = {"TYPE": "", "NAME": "", "CONTENTS": ""}
    adapters: list[str] = []
    for token in tree.children:
        if isinstance(token, lark.Token):
            adapters += [str(token)] if token.type == "ADAPTER" else []
            parts[token.type] = str(token)
    contents = parts["CONTENTS"]
    return TableName(parts["TYPE"], contents or parts["NAME"], tuple(adapters), bool(contents), word.start)


def tables_in(value: str, *, comments: bool = False) -> Iterator[TableName]:
    """Yield the tables that a list names, those inside braces after the one around them.

    With ``comments`` a word that begins with ``#`` ends the list, as it does for postconf of 3.8 and later.
    """
    listed = list(words(value)) if ":" in value else []
    if comments:
        listed = list(takewhile(lambda word: not word.text.startswith("#"), listed))
    pending = [(word, 0) for word in reversed(listed)]
    while pending:
        word, depth = pending.pop()
        inner = word if word.text.startswith("{") else None
        table = None if inner else table_name(word)
        if table:
            yield table
            if table.contents:
                end = word.start + len(word.text)
                inner = Word(table.name, end - len(table.name), end)
        if inner and depth < MAX_DEPTH:
            inside = braced(inner)
            nested = [Word(one.text, one.start + inside.start, one.end + inside.start) for one in words(inside.text)]
            pending += [(one, depth + 1) for one in reversed(nested)]
