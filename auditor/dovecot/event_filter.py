"""What Dovecot says about event filters that it cannot read: ``log_debug``, the ``filter`` of a metric.

Follows src/lib/event-filter-lexer.l and event-filter-parser.y of 2.3.19.1, 2.4.1 and main of 2026-08: one grammar, in
which 2.4 allows more characters in a word. What bison expects in each state, and what it calls the end, was asked of
doveconf. Versions before 2.3.12 have another language.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.dovecot.configuration import Dialect

_TOKENS: Final = r"""(?P<BLANK>[ \t\n\r])|(?P<STRING>"(?:\\.|[^"])*+")|(?P<END>")|(?P<CHAR>[<>=()])
    |(?P<TOKEN>[A-Za-z0-9:.*?_%s-]+)|(?P<STRAY>.)"""
_KEYWORDS: Final = {"and": "AND", "or": "OR", "not": "NOT"}
_OPERAND: Final = "TOKEN or STRING or NOT or '('"
_OPERATOR: Final = "'=' or '>' or '<'"
_ONLY_EQUAL: Final = ("event", "category", "source_location")
"""What can be asked about besides the fields of an event."""


class _Language(NamedTuple):
    """In what the dialects differ: tokens, escapes, and bison's names for the end and for what is no token."""

    token: re.Pattern[str]
    escape: str
    end: str
    stray: str


_LANGUAGES: Final[Mapping[Dialect, _Language]] = {
    "2.3": _Language(re.compile(_TOKENS % "", re.DOTALL | re.VERBOSE), r'\\([\\"])', "$end", "$undefined"),
    "2.4": _Language(re.compile(_TOKENS % "/%", re.DOTALL | re.VERBOSE), r"\\(.)", "end of file", "invalid token"),
}


class _RefusedError(ValueError):
    """What the parser says."""


class _Parser:
    """One pass over the tokens of a filter; ``kind`` and ``text`` are the token to be read next."""

    def __init__(self, text: str, language: _Language) -> None:
        self._tokens = _tokens(text, language)
        self._end = language.end
        self.advance()

    def advance(self) -> None:
        self.kind, self.text = next(self._tokens)

    def unexpected(self, expected: str = "") -> _RefusedError:
        return _RefusedError(f"syntax error, unexpected {self.kind}" + (f", expecting {expected}" if expected else ""))

    def filter(self) -> None:
        if self.kind in ("TOKEN", "STRING", "NOT", "'('"):
            self.expression()
        if self.kind != self._end:
            raise self.unexpected(self._end)

    def expression(self) -> None:
        depth = 0
        while True:
            while self.kind in ("NOT", "'('"):
                depth += self.kind == "'('"
                self.advance()
            self.key_value()
            while depth and self.kind == "')'":
                depth -= 1
                self.advance()
            if self.kind not in ("AND", "OR"):
                break
            self.advance()
        if depth:
            raise self.unexpected("AND or OR or ')'")

    def key_value(self) -> None:
        if self.kind not in ("TOKEN", "STRING"):
            raise self.unexpected(_OPERAND)
        key = self.text
        self.advance()
        operator = self.kind
        if operator not in ("'='", "'>'", "'<'"):
            raise self.unexpected(_OPERATOR)
        self.advance()
        if operator != "'='" and self.kind == "'='":
            self.advance()
        if self.kind not in ("TOKEN", "STRING", "AND", "OR", "NOT"):
            raise self.unexpected()
        if operator != "'='" and key in _ONLY_EQUAL:
            message = "Only fields support inequality comparisons"
            raise _RefusedError(message)
        self.advance()


def _tokens(text: str, language: _Language) -> Iterator[tuple[str, str]]:
    for match in language.token.finditer(text):
        kind, found = match.lastgroup, match[0]
        if kind == "END":
            break  # A quote that never closes swallows the rest.
        if kind == "TOKEN":
            yield _KEYWORDS.get(found.lower(), "TOKEN"), found
        elif kind == "STRING":
            yield "STRING", re.sub(language.escape, r"\1", found[1:-1], flags=re.DOTALL)
        elif kind == "CHAR":
            yield f"'{found}'", found
        elif kind == "STRAY":
            yield language.stray, found
    while True:
        yield language.end, ""


def filter_error(text: str, dialect: Dialect) -> str:
    """Return what the daemon says about a filter; empty when it takes it."""
    try:
        _Parser(text, _LANGUAGES[dialect]).filter()
    except _RefusedError as error:
        return f"event filter: {error}"
    return ""
