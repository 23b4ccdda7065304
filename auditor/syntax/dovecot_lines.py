"""Dovecot's logical lines: the terminals of ``grammars/dovecot.lark``, and what each of them says.

Follows ``config_parse_line`` in src/config/config-parser.c (2.3.19.1, 2.4.1, 2.4.4, main of 2026-08) and
``i_stream_read_next_line`` in src/lib/istream.c.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Final, Literal, NamedTuple

from lark import Token
from lark.lexer import Lexer

if TYPE_CHECKING:
    from collections.abc import Iterator


class Kind(StrEnum):
    """What a statement is."""

    SETTING = "setting"
    """``key = value``"""
    FILE = "file"
    """``key = <path``; the value is the path"""
    VARIABLE = "variable"
    """``key = value`` where the value, not quoted, has a ``$``"""
    HEREDOC = "heredoc"
    """``key = <<END``; the value is the lines between"""
    INCLUDE = "include"
    INCLUDE_TRY = "include_try"
    """``!include_try pattern``; the value is the pattern, as that of ``INCLUDE``"""
    OPEN = "open"
    """``key {`` or ``key name {``"""
    GROUP = "group"
    """``group @label name {``; the key is ``@label``"""
    CLOSE = "close"
    ERROR = "error"
    """What the daemon refuses; the message has its words"""
    LOST = "lost"
    """What the daemon forgets without a word; the value is the text so far"""


@dataclass(frozen=True, slots=True)
class Reading:
    """How versions differ in reading lines."""

    space: str
    """White space: ``IS_WHITE`` in 2.2 and 2.3, ``i_isspace`` in 2.4."""
    modern: bool
    """2.4: keys may be quoted, and there are groups."""
    strict_escapes: bool
    r"""2.4.2: in quotes only ``\\`` and ``\"``; before, a backslash makes any character plain."""
    heredoc: bool
    """2.4.5."""


@cache
def reading_of(dialect: Literal["2.3", "2.4"], version: str) -> Reading:
    """Return how a version such as ``2.4.1`` reads lines."""
    if dialect == "2.3":
        return Reading(" \t", modern=False, strict_escapes=False, heredoc=False)
    number = tuple(int(part) for part in re.findall(r"\d{1,9}", version)[:3])
    return Reading(" \t\n\v\f\r", modern=True, strict_escapes=number >= (2, 4, 2), heredoc=number >= (2, 4, 5))


@dataclass(frozen=True, slots=True)
class Line:
    """What one logical line says.

    ``key_at``, ``name_at`` and ``value_at`` are offsets into ``text``; those of a value include its quotes and ``<``.
    """

    kind: Kind
    text: str
    key: str = ""
    name: str = ""
    value: str = ""
    key_quoted: bool = False
    quoted: bool = False
    message: str = ""
    key_at: tuple[int, int] = (0, 0)
    name_at: tuple[int, int] = (0, 0)
    value_at: tuple[int, int] = (0, 0)


_CODE: Final = re.compile(
    r"""(?:[^#'"]++|"(?:[^"\\]|\\.)*+(?:"|\\?+\Z)|'(?:[^'\\]|\\.)*+(?:'|\\?+\Z))*+""",
    re.DOTALL,
)
r"""A line up to its comment. A quote opens anywhere; one that never closes keeps the rest of the line."""


class _Key(NamedTuple):
    """The first word of a line, and what comes after it."""

    key: str
    at: tuple[int, int]
    quoted: bool
    ended: bool
    """White space, a closing quote or the end follows; else ``=`` does."""
    rest_at: int


@cache
def _word(space: str, stop: str = "") -> re.Pattern[str]:
    space = re.escape(space)
    return re.compile(f"([^{space}{stop}]*)([{space}]*)")


_QUOTED_KEY: Final = re.compile(r'"((?:\\.|[^"\\])*+)(?:"|\\?\Z)', re.DOTALL)


class _UnknownEscapeError(ValueError):
    """A backslash that 2.4.2 does not know."""


def _unescaped(text: str, reading: Reading) -> str:
    """``str_unescape``, or ``config_str_unescape`` from 2.4.2 on."""
    if "\\" not in text:
        return text
    if reading.strict_escapes:
        for match in re.finditer(r"\\(.?)", text, re.DOTALL):
            if match[1] not in ("\\", '"'):
                message = f"Unknown escape sequence \\{match[1]}"
                raise _UnknownEscapeError(message)
    return re.sub(r"\\(.?)", r"\1", text, flags=re.DOTALL)


def classified(text: str, reading: Reading) -> Line:
    """Return what a logical line says; ``text`` is not empty and begins with neither white space nor a comment."""
    try:
        return _classified(text, reading)
    except _UnknownEscapeError as error:
        return Line(Kind.ERROR, text, message=str(error), value_at=(0, len(text)))


def _classified(text: str, reading: Reading) -> Line:
    key = _key(text, reading)
    rest = text[key.rest_at :]
    if key.ended and key.key in ("!include", "!include_try"):
        kind = Kind.INCLUDE if key.key == "!include" else Kind.INCLUDE_TRY
        return Line(kind, text, key.key, "", rest, key.quoted, key_at=key.at, value_at=(key.rest_at, len(text)))
    if rest[:1] == "=":
        return _assignment(text, key, reading)
    if key.key == "}" and not rest:
        return Line(Kind.CLOSE, text, key_at=key.at)
    if reading.modern and key.key == "group" and rest and rest[0] != "{":
        return _group(text, key, reading)
    return _opening(text, key, reading)


def _key(text: str, reading: Reading) -> _Key:
    if reading.modern and text[0] == '"' and (quoted := _QUOTED_KEY.match(text)):
        rest = text[quoted.end() :].lstrip(reading.space)
        return _Key(
            _unescaped(quoted[1], reading), quoted.span(), quoted=True, ended=True, rest_at=len(text) - len(rest)
        )
    word = _word(reading.space, "=").match(text)
    assert word  # noqa: S101 - every part of the pattern may be empty
    return _Key(word[1], word.span(1), quoted=False, ended=bool(word[2]) or word.end() == len(text), rest_at=word.end())


def _assignment(text: str, key: _Key, reading: Reading) -> Line:
    value = text[key.rest_at + 1 :].lstrip(reading.space)
    value_at = (len(text) - len(value), len(text))
    first = value[:1]
    quoted = False
    kind = Kind.SETTING
    if first == "<":
        kind = Kind.FILE
        marker = value[2:].lstrip(reading.space) if reading.heredoc and value[1:2] == "<" else ""
        if marker:
            kind = Kind.HEREDOC
        value = marker or value[1:].lstrip(reading.space)
    elif first in ('"', "'"):
        if value[-1] == first:
            value = _unescaped(value[1:-1], reading)
            quoted = True
    elif "$" in value:
        kind = Kind.VARIABLE
    return Line(kind, text, key.key, "", value, key.quoted, quoted, "", key.at, (0, 0), value_at)


def _opening(text: str, key: _Key, reading: Reading) -> Line:
    """``key {``, ``key name {`` or ``key "name" {``."""
    at = key.rest_at
    name, name_at, quoted = "", (at, at), False
    if text[at : at + 1] == '"':
        end = text.find('"', at + 1)
        if end < 0:
            end = len(text)
        else:
            name, quoted = _unescaped(text[at + 1 : end], reading), True
        name_at = (at, min(end + 1, len(text)))
        tail = text[end + 1 :].lstrip(reading.space)
    elif text[at : at + 1] == "{":
        tail = text[at:]
    else:
        word = _word(reading.space).match(text, at)
        assert word  # noqa: S101 - every part of the pattern may be empty
        name, name_at, tail = word[1], word.span(1), text[word.end() :]
    return _braced(Line(Kind.OPEN, text, key.key, name, "", key.quoted, quoted, "", key.at, name_at), tail)


def _group(text: str, key: _Key, reading: Reading) -> Line:
    """``group @label name {``."""
    label = _word(reading.space).match(text, key.rest_at)
    assert label  # noqa: S101 - every part of the pattern may be empty
    if not label[2]:
        return Line(
            Kind.ERROR, text, label[1], message="Expecting group name", key_at=label.span(1), value_at=(0, len(text))
        )
    name = _word(reading.space).match(text, label.end())
    assert name  # noqa: S101 - every part of the pattern may be empty
    line = Line(Kind.GROUP, text, label[1], name[1], key_at=label.span(1), name_at=name.span(1))
    return _braced(line, text[name.end() :])


def _braced(line: Line, tail: str) -> Line:
    """Return the opening line, or the error that it is: only ``{`` may end it."""
    if tail == "{":
        return line
    message = "Garbage after '{'" if tail[:1] == "{" else "Expecting '{'"
    return replace(line, kind=Kind.ERROR, message=message, value_at=(0, len(line.text)))


@dataclass(frozen=True, slots=True)
class Placed:
    """The value of a token: a logical line, and where its characters stand in the file.

    ``pieces`` are pairs of an offset into the line's text and the offset in the file of what begins there; ``end`` is
    the offset in the file after the last character that counts; ``number`` is the line that the daemon names, the last.
    """

    line: Line
    pieces: tuple[tuple[int, int], ...]
    end: int
    number: int

    def place(self, at: tuple[int, int]) -> tuple[int, int]:
        """Return where characters of the logical line stand in the file."""
        start, end = at
        return (self._offset(start), self._offset(end - 1) + 1) if end > start else (self._offset(start),) * 2

    def _offset(self, at: int) -> int:
        index = max(bisect_right(self.pieces, (at, sys.maxsize)) - 1, 0)
        logical, physical = self.pieces[index]
        return min(physical + max(at - logical, 0), self.end)


_TERMINALS: Final = {
    Kind.SETTING: "SETTING",
    Kind.FILE: "SETTING",
    Kind.VARIABLE: "SETTING",
    Kind.HEREDOC: "HEREDOC",
    Kind.INCLUDE: "INCLUDE",
    Kind.INCLUDE_TRY: "INCLUDE",
    Kind.OPEN: "OPEN",
    Kind.GROUP: "GROUP_OPEN",
    Kind.CLOSE: "CLOSE",
    Kind.ERROR: "BAD",
}


class LogicalLines(Lexer):
    """The lexer of ``grammars/dovecot.lark`` for one way of reading.

    The value of a token of a statement is its ``Placed``; blank lines and comments have their text.
    """

    reading: ClassVar[Reading]

    def __init__(self, configuration: object) -> None:
        """Take no configuration: the terminals have no patterns."""

    def lex(self, data: str) -> Iterator[Token]:  # type: ignore[override]  # Lark hands the text to lexers of this interface
        """Yield the tokens of a text, then an empty ``CLOSE`` for each section that is still open."""
        scanner = _Scanner(data, self.reading)
        depth = 0
        for token in scanner.tokens():
            if token.type in ("OPEN", "GROUP_OPEN"):
                depth += 1
            elif token.type == "CLOSE":
                token.type = "CLOSE" if depth else "STRAY_CLOSE"
                depth = max(depth - 1, 0)
            yield token
        for _ in range(depth):
            yield Token("CLOSE", "", len(data), scanner.number, end_pos=len(data))


class _Scanner:
    """One pass over the physical lines of a text."""

    def __init__(self, text: str, reading: Reading) -> None:
        self.text = text
        self.reading = reading
        self.at = 0
        """Where the next line begins."""
        self.number = 0
        """Lines read."""

    def next_line(self) -> str:
        """Return the next line as ``i_stream_read_next_line`` does: without its end, cut where C ends a string."""
        start = self.at
        newline = self.text.find("\n", start)
        end = newline if newline >= 0 else len(self.text)
        self.at = end + 1 if newline >= 0 else end
        self.number += 1
        line = self.text[start:end].removesuffix("\r")
        return line if "\0" not in line else line[: line.index("\0")]

    def tokens(self) -> Iterator[Token]:
        """Yield one token after the other; every ``}`` is a ``CLOSE``."""
        while self.at < len(self.text):
            start, first = self.at, self.number + 1
            line = self.next_line()
            code = line.lstrip(self.reading.space)
            if code[:1] in ("", "#"):
                yield self._skipped(start, first, "#" if code else "")
            else:
                yield self._statement(start, first, line)

    def _skipped(self, start: int, first: int, begins: str) -> Token:
        """Return the run of lines that are blank, or comments, as the one that was read."""
        while self.at < len(self.text):
            before = self.at, self.number
            code = self.next_line().lstrip(self.reading.space)
            if code[:1] != begins:
                self.at, self.number = before
                break
        return Token("COMMENT" if begins else "BLANK", self.text[start : self.at], start, first, end_pos=self.at)

    def _statement(self, start: int, first: int, line: str) -> Token:
        """Return the token of a logical line whose first line was read."""
        space = self.reading.space
        parts: list[str] = []
        pieces: list[tuple[int, int]] = []
        length, begin = 0, start
        while True:
            code = line.lstrip(space)
            indent = len(line) - len(code)
            match = _CODE.match(code) if "#" in code else None
            code = (match[0] if match else code).rstrip(space)
            continued = code.endswith("\\")
            if continued:
                code = code[:-1].rstrip(space)
            if code:
                pieces.append((length, begin + indent))
                parts.append(code)
                length += len(code) + 1
            end = begin + indent + len(code)
            if not continued:
                return self._complete(" ".join(parts), start, first, tuple(pieces), end)
            before = self.at, self.number
            begin = self.at
            line = self.next_line() if begin < len(self.text) else ""
            if line.lstrip(space)[:1] in ("", "#"):
                self.at, self.number = before
                return self._lost(" ".join([*parts, ""]), start, first, tuple(pieces), end)

    def _lost(self, text: str, start: int, first: int, pieces: tuple[tuple[int, int], ...], end: int) -> Token:
        """Return the token of lines that continue into nothing; without text they are blank."""
        token = Token("LOST" if text else "BLANK", self.text[start : self.at], start, first, end_pos=self.at)
        if text:
            token.value = Placed(Line(Kind.LOST, text, value=text, value_at=(0, len(text))), pieces, end, self.number)
        return token

    def _complete(self, text: str, start: int, first: int, pieces: tuple[tuple[int, int], ...], end: int) -> Token:
        """Return the token of a whole logical line, and of the lines of a heredoc that it begins."""
        line = classified(text, self.reading)
        if line.kind is Kind.HEREDOC:
            line, end = self._heredoc(line)
        token = Token(_TERMINALS[line.kind], self.text[start : self.at], start, first, end_pos=self.at)
        token.value = Placed(line, pieces, end, self.number)
        return token

    def _heredoc(self, line: Line) -> tuple[Line, int]:
        """Read up to the marker; each line before it and a line end are the value (``parse_until_eod``)."""
        body: list[str] = []
        while self.at < len(self.text):
            begin = self.at
            read = self.next_line()
            if read == line.value:
                return replace(line, value="".join(body)), begin + len(read)
            body.append(read + "\n")
        message = f"Missing {line.value}"
        return replace(line, kind=Kind.ERROR, value="", message=message), len(self.text)
