"""What one of Dovecot's logical lines says.

Follows ``config_parse_line`` in src/config/config-parser.c (2.3.19.1, 2.4.1, 2.4.4, main of 2026-08).
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from typing import Final, Literal, NamedTuple


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


class Reading(NamedTuple):
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


class Line(NamedTuple):
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
    return line._replace(kind=Kind.ERROR, message=message, value_at=(0, len(line.text)))
