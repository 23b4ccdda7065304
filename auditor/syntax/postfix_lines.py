"""The logical lines of Postfix's text files: main.cf, master.cf and every lookup table.

A line that begins with white space continues the last logical line, whatever comments and empty lines stand between.
There are no comments behind text, and neither quotes nor backslashes mean anything. Source: ``readllines`` in
``src/util/readlline.c``; postconf(5), "main.cf file format".
"""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.text import SourceFile

WHITE: Final = " \t\n\r\f\v"
"""What ``isspace`` takes for white space in the C locale."""
LIST_SEPARATORS: Final = ", \t\r\n"
"""What stands between the elements of a list: ``CHARS_COMMA_SP`` of ``src/util/sys_defs.h``."""

_RUN: Final = re.compile(r"(?P<gap>(?:[ \t\r\f\v]*+(?:#[^\n]*+)?(?:\n|\Z))+)|[^\n]++\n?")
"""A run of comments and of lines without text, or one line with text."""


class Kind(Enum):
    """What a stretch of whole physical lines is."""

    COMMENT = "COMMENT"
    """Comments and lines without text."""
    LINE = "LINE"
    ORPHAN = "ORPHAN"
    """A line that begins with white space where there is nothing to continue; Postfix warns and drops it."""


class Stretch(NamedTuple):
    """Physical lines that belong together, or a run of comments and of empty lines.

    ``texts`` has start and end of the lines with text, their line ends left out.
    """

    kind: Kind
    start: int
    end: int
    texts: tuple[tuple[int, int], ...] = ()


class LogicalLine(NamedTuple):
    """One logical line: its text as Postfix joins it, and where in the file each part of that text stands.

    The text ends at the first NUL, as a C string does. ``start`` and ``end`` are offsets in the file; the end lies
    behind the line end of the last physical line that has text.
    """

    file: SourceFile
    text: str
    start: int
    end: int
    pieces: tuple[tuple[int, int], ...]
    """Of each physical line: its offset in ``text`` and its offset in the file."""

    @property
    def number(self) -> int:
        """Number of the first physical line."""
        return self.file.position(self.start)[0]

    def offset(self, at: int) -> int:
        """Return the offset in the file of a character of the text."""
        if len(self.pieces) == 1:
            return self.pieces[0][1] + at
        in_text, in_file = self.pieces[bisect_right(self.pieces, (at, len(self.file.text))) - 1]
        return in_file + at - in_text

    def span(self, start: int, end: int) -> Span:
        """Return the span in the file of a part of the text."""
        first = self.offset(start)
        return Span(self.file, first, self.offset(end - 1) + 1 if end > start else first)


def stretches(text: str) -> Iterator[Stretch]:
    """Split a text into logical lines and what stands between them; together they are the whole text, in order."""
    kind = Kind.LINE
    texts: list[tuple[int, int]] = []
    end_of_text = 0
    gap: Stretch | None = None
    for match in _RUN.finditer(text):
        start, end = match.span()
        if match.lastgroup:
            gap = Stretch(Kind.COMMENT, start, end) if end > start else gap
            continue
        if not texts or text[start] not in WHITE:
            if texts:
                yield Stretch(kind, texts[0][0], end_of_text, tuple(texts))
                texts.clear()
            if gap:
                yield gap
            kind = Kind.ORPHAN if text[start] in WHITE else Kind.LINE
        gap = None
        texts.append((start, end - 1 if text[end - 1] == "\n" else end))
        end_of_text = end
    if texts:
        yield Stretch(kind, texts[0][0], end_of_text, tuple(texts))
    if gap:
        yield gap


def logical_line(file: SourceFile, stretch: Stretch) -> LogicalLine:
    """Join the physical lines of a stretch."""
    pieces: list[tuple[int, int]] = []
    length = 0
    for start, end in stretch.texts:
        pieces.append((length, start))
        length += end - start
    text = "".join([file.text[start:end] for start, end in stretch.texts])
    if "\0" in text:
        text = text[: text.index("\0")]
    return LogicalLine(file, text, stretch.start, stretch.end, tuple(pieces))


def logical_lines(file: SourceFile) -> Iterator[LogicalLine]:
    """Return the logical lines that a Postfix program gets from a file, those it drops with a warning left out."""
    for stretch in stretches(file.text):
        if stretch.kind is Kind.LINE:
            yield logical_line(file, stretch)


class Word(NamedTuple):
    """A word and its place in the text it was split from."""

    text: str
    start: int
    end: int


class _Between(NamedTuple):
    """What stands between separators."""

    word: re.Pattern[str]
    plain: re.Pattern[str]
    """Up to the next separator or opening brace."""
    skip: re.Pattern[str]
    """Separators."""


@cache
def _between(separators: str) -> _Between:
    escaped = re.escape(separators)
    return _Between(re.compile(f"[^{escaped}]+"), re.compile(f"[^{escaped}{{]*"), re.compile(f"[{escaped}]*"))


def words(text: str, separators: str = LIST_SEPARATORS, start: int = 0, end: int | None = None) -> Iterator[Word]:
    """Split a text at separators, those inside braces excepted (``mystrtokq`` of ``src/util/mystrtok.c``).

    An opening brace anywhere in a word begins a nest: ``foo{ bar }`` is one word.
    """
    stop = len(text) if end is None else end
    word, plain, skip = _between(separators)
    if text.find("{", start, stop) < 0:
        for found in word.finditer(text, start, stop):
            yield Word(found[0], *found.span())
        return
    at = start
    while True:
        at = _end(skip, text, at, stop)
        if at >= stop:
            return
        begin = at
        while True:
            at = _end(plain, text, at, stop)
            if at >= stop or text[at] != "{":
                break
            at = closing_brace(text, at, stop)
            if at < 0:
                at = stop
                break
            at += 1
        yield Word(text[begin:at], begin, at)


def _end(pattern: re.Pattern[str], text: str, at: int, stop: int) -> int:
    match = pattern.match(text, at, stop)
    return match.end() if match else at


_BRACE: Final = re.compile(r"[{}]")


def closing_brace(text: str, opening: int, end: int | None = None) -> int:
    """Return the offset of the brace that closes the one at an offset, or -1 where there is none."""
    depth = 0
    for match in _BRACE.finditer(text, opening, len(text) if end is None else end):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return match.start()
    return -1


class Braced(NamedTuple):
    """What stands inside the braces of a word, and what is wrong with them, in the daemon's words."""

    text: str
    start: int
    error: str | None = None


def braced(word: Word) -> Braced:
    """Take the braces and the white space inside them off a word that begins with one.

    Source: ``extpar`` with ``EXTPAR_FLAG_STRIP``, ``src/util/extpar.c``: text behind the closing brace is dropped.
    """
    close = closing_brace(word.text, 0)
    error = None
    if close < 0:
        inside, error = word.text[1:], f"missing '}}' in \"{word.text}\""
    else:
        inside = word.text[1:close]
        if close + 1 < len(word.text):
            error = f"syntax error after '}}' in \"{word.text}\""
    stripped = inside.lstrip(WHITE)
    start = word.start + 1 + len(inside) - len(stripped)
    return Braced(stripped.rstrip(WHITE), start, error)


class NameValue(NamedTuple):
    """``name = value`` with the offsets of both in the text; or what is wrong with it, in the daemon's words."""

    name: str
    value: str
    name_start: int
    value_start: int
    error: str | None = None


_NAME_VALUE: Final = re.compile(
    r"[ \t\n\r\f\v]*(?P<name>[^ \t\n\r\f\v=]+)[ \t\n\r\f\v]*=[ \t\n\r\f\v]*(?P<value>.*)", re.DOTALL
)


def name_value(text: str, start: int = 0) -> NameValue:
    """Split ``name = value`` (``split_nameval``, ``src/util/split_nameval.c``).

    ``start`` is added to the offsets. The messages are the daemon's.
    """
    match = _NAME_VALUE.match(text)
    if match:
        value = match["value"].rstrip(WHITE)
        return NameValue(match["name"], value, start + match.start("name"), start + match.start("value"))
    if text.lstrip(WHITE)[:1] in ("", "="):
        return NameValue("", "", start, start, "missing attribute name")
    return NameValue("", "", start, start, "missing '=' after attribute name")
