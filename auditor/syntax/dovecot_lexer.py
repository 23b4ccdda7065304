"""The terminals of ``grammars/dovecot.lark``: logical lines with the places of their characters.

Follows ``config_parse_line`` and ``parse_until_eod`` in src/config/config-parser.c (2.3.19.1, 2.4.1, 2.4.4, main of
2026-08) and ``i_stream_read_next_line`` in src/lib/istream.c.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from lark import Token
from lark.lexer import Lexer

from auditor.syntax.dovecot_lines import Kind, Line, Reading, classified

if TYPE_CHECKING:
    from collections.abc import Iterator

_CODE: Final = re.compile(
    r"""(?:[^#'"]++|"(?:[^"\\]|\\.)*+(?:"|\\?+\Z)|'(?:[^'\\]|\\.)*+(?:'|\\?+\Z))*+""",
    re.DOTALL,
)
r"""A line up to its comment. A quote opens anywhere; one that never closes keeps the rest of the line."""


@cache
def _skipped(space: str) -> re.Pattern[str]:
    """Return what matches a run of comments and of lines without text before their end or the NUL that ends them."""
    blanks = re.escape(space.replace("\n", ""))
    return re.compile(rf"(?:[{blanks}]*+(?:[\#\0][^\n]*+|\r?+)(?:\n|\Z))+")


class Placed(NamedTuple):
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

    The value of a token of a statement is its ``Placed``; comments have their text.
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
        skipped = _skipped(self.reading.space)
        while self.at < len(self.text):
            start, first = self.at, self.number + 1
            run = skipped.match(self.text, start)
            if run is None:
                yield self._statement(start, first, self.next_line())
                continue
            self.at = run.end()
            text = run[0]
            self.number += text.count("\n") + (not text.endswith("\n"))
            yield Token("COMMENT", text, start, first, end_pos=self.at)

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
        """Return the token of lines that continue into nothing; without text they are no more than empty lines."""
        token = Token("LOST" if text else "COMMENT", self.text[start : self.at], start, first, end_pos=self.at)
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
                return line._replace(value="".join(body)), begin + len(read)
            body.append(read + "\n")
        message = f"Missing {line.value}"
        return line._replace(kind=Kind.ERROR, value="", message=message), len(self.text)
