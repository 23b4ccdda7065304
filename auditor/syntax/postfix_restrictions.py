"""Restriction lists of smtpd as trees that give back the text.

Source: ``smtpd_check_parse`` and ``generic_checks`` of ``src/smtpd/smtpd_check.c``.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import lark
from lark.lexer import Lexer

from auditor.syntax.grammar import parser
from auditor.syntax.postfix_lines import words

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT: Final = 512
"""Lists that are kept."""
_TAKES_ARGUMENT: Final = re.compile(
    r"check_policy_service|sleep|reject_rbl(?:_client)?|reject_rhsbl_(?:client|reverse_client|helo|sender|recipient)"
    r"|permit_dnswl_client|permit_rhswl_client"
    r"|check_(?:(?:reverse_)?client(?:_hostname)?|helo|sender|recipient)(?:_(?:a|mx|ns))?_access"
    r"|check_(?:ccert|sasl|etrn)_access",
    re.IGNORECASE,
)
"""Restrictions whose argument is the next word."""


class Restriction(NamedTuple):
    """One restriction of a list, with the offsets of its name and of all of it in the text.

    ``argument`` is None where the list ends before it. ``is_table`` tells a table that stands alone.
    """

    name: str
    argument: str | None
    start: int
    end: int
    warn_only: bool = False
    is_table: bool = False


class _RestrictionLexer(Lexer):
    def __init__(self, configuration: object) -> None:
        """Take no configuration: the terminals have no patterns."""

    def lex(self, data: str) -> Iterator[lark.Token]:  # type: ignore[override]  # Lark hands this kind of lexer the text
        at = 0
        before = ""
        for word in words(data):
            if word.start > at:
                yield lark.Token("SEPARATOR", data[at : word.start], at)
            if before == "TAKER":
                kind = "ARGUMENT"
            elif word.text.lower() == "warn_if_reject":
                kind = "WARN"
            elif _TAKES_ARGUMENT.fullmatch(word.text):
                kind = "TAKER"
            else:
                kind = "TABLE" if ":" in word.text else "NAME"
            yield lark.Token(kind, word.text, word.start)
            at, before = word.end, kind
        if at < len(data):
            yield lark.Token("SEPARATOR", data[at:], at)
        if before == "TAKER":
            yield lark.Token("ARGUMENT", "", len(data))


@cache
def _parser() -> lark.Lark:
    return parser("postfix_restrictions", _RestrictionLexer)


def parse_restrictions(text: str) -> lark.Tree[lark.Token]:
    """Return the tree of a restriction list; any text has one."""
    return _parser().parse(text)


@lru_cache(maxsize=KEPT)
def restrictions_of(text: str) -> tuple[Restriction, ...]:
    """Return the restrictions of a list in its order; most lists are asked for once for each service."""
    return tuple(restrictions_in(parse_restrictions(text)))


def restrictions_in(tree: lark.Tree[lark.Token]) -> Iterator[Restriction]:
    """Yield the restrictions of a list in its order."""
    warn_only = False
    for child in tree.children:
        if not isinstance(child, lark.Tree):
            warn_only = warn_only or child.type == "WARN"
            continue
        parts = [part for part in child.children if isinstance(part, lark.Token) and part.type != "SEPARATOR"]
        name, last = parts[0], parts[-1] or parts[0]
        argument = str(last) if last is not name else None
        start, end = name.start_pos or 0, (last.start_pos or 0) + len(last)
        yield Restriction(str(name), argument, start, end, warn_only, name.type == "TABLE")
        warn_only = False
