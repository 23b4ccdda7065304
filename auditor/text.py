"""Texts, the places in them, and how they may be shown.

A text is decoded as UTF-8 with surrogates for other bytes, so that encoding it again gives the file back byte for byte.
Offsets count characters, lines and columns are 1-based and end columns are exclusive.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HIDDEN: Final = "# hidden"
"""What stands in a report where the file has a secret."""

_ASSIGNMENT: Final = re.compile(r"""(?<![\w./-])([\w./-]++)["']?[ \t]*+[=:](?!//)[ \t]*+""")
_SECRET_NAME: Final = re.compile(
    r"""(?ix)
    (?:(?<!no)pas{1,2}w[a-z]{0,3}[dt]|passphrase|secret|nonce|api_key|dnpass|master_key)[\w.-]*$ | \b(?:pass|pw)$
    """
)
_NO_VALUE: Final = re.compile(r"(?i)(?:yes|no)?[ \t]*$")
"""What follows the ``=`` of a passdb's ``pass = yes``, which is no password, and of an empty setting."""
_NOT_A_SECRET: Final = re.compile(
    r"""(?ix)
    (?:password_(?:scheme|maps|query|noun|filter|db|result\w*|command|verify\w*|min\w*)|passwords?_scheme
      |passwd_(?:file\w*|masquerade)|pass_scheme|auth_verbose_passwords|auth_debug_passwords|plaintext_passwords?)$
    """
)
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def escaped(text: str) -> str:
    r"""Return text that a terminal, a log or a report shows as it is.

    Control characters, direction marks and bytes that are not UTF-8 become ``\xNN`` or ``\uNNNN``, a TAB a blank.
    """

    def name(match: re.Match[str]) -> str:
        code = ord(match[0])
        if 0xDC80 <= code <= 0xDCFF:
            code -= 0xDC00
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"

    return _UNPRINTABLE.sub(name, text.replace("\t", " "))


def shortened(text: str, longest: int = 100) -> str:
    """Return text for a sentence: cut with an ellipsis where it is longer than that many characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def enumerated(words: Sequence[str]) -> str:
    """Return words as a sentence lists them: ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def similar(word: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """Return the known word that another was probably meant to be; empty where none is as like as that (0 to 1)."""
    from difflib import get_close_matches  # few need it

    return next(iter(get_close_matches(word, list(known), n=1, cutoff=likeness)), "")


def names_secret(name: str) -> bool:
    """Whether a setting's name is that of a password or another secret."""
    return _SECRET_NAME.search(name) is not None and _NOT_A_SECRET.search(name) is None


def without_secrets(line: str) -> str:
    """Return a line of a configuration with what looks like a password or another secret hidden, comments included."""
    for number, match in enumerate(_ASSIGNMENT.finditer(line)):
        if number == 0 and not line[: match.start()].strip(" \t#") and _NOT_A_SECRET.search(match[1]):
            return line
        if _SECRET_NAME.search(match[1]) and not _NO_VALUE.match(line, match.end()):
            return line[: match.end()] + HIDDEN
    return line


@dataclass(slots=True, weakref_slot=True, eq=False)
class _Marks:
    spans: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class SourceFile:
    """One file that was read: its name on the audited host, the path that the user can open, and its text."""

    name: str
    path: str
    text: str = field(repr=False)
    _secrets: _Marks = field(default_factory=_Marks, repr=False)

    @cached_property
    def line_starts(self) -> list[int]:
        """Offsets at which the lines begin."""
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def span(self, start: int, end: int) -> Span:
        """Return the span from one offset to another."""
        return Span(self, start, end)

    def line_span(self, number: int) -> Span:
        """Return the span of a line without its line end; the last line stands for numbers beyond it."""
        starts = self.line_starts
        number = max(1, min(number, len(starts)))
        start = starts[number - 1]
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return Span(self, start, end)

    def mark_secret(self, start: int, end: int) -> None:
        """Have this part hidden wherever the text is shown."""
        if end > start:
            self._secrets.spans.append((start, end))

    def shown_line(self, number: int) -> str:
        """Return a line fit for showing: secrets hidden, control characters escaped."""
        span = self.line_span(number)
        parts: list[str] = []
        at = span.start
        here = (mark for mark in self._secrets.spans if mark[0] < span.end and mark[1] > span.start)
        for start, end in sorted(here):
            start, end = max(start, at), min(end, span.end)
            if start < end:
                parts += [self.text[at:start], HIDDEN]
                at = end
        parts.append(self.text[at : span.end])
        return escaped(without_secrets("".join(parts).rstrip("\r")))


class Span(NamedTuple):
    """A part of a text, from ``start`` up to ``end``."""

    file: SourceFile
    start: int
    end: int

    @property
    def text(self) -> str:
        """The characters of the span."""
        return self.file.text[self.start : self.end]

    @property
    def shown_text(self) -> str:
        """The characters of the span, fit for showing; a line that holds a secret is shown as a whole."""
        shown = [self.file.shown_line(number) for number in range(self.line, self.end_line + 1)]
        return "\n".join(shown) if any(HIDDEN in one for one in shown) else escaped(self.text)

    @property
    def line(self) -> int:
        """Line of the first character, from 1."""
        return self.file.position(self.start)[0]

    @property
    def column(self) -> int:
        """Column of the first character, from 1."""
        return self.file.position(self.start)[1]

    @property
    def end_line(self) -> int:
        """Line on which the span ends."""
        return self.file.position(self.end)[0]

    @property
    def end_column(self) -> int:
        """Column after the last character."""
        return self.file.position(self.end)[1]

    def to(self, other: Span) -> Span:
        """Return the span that reaches from this one to the end of another in the same file."""
        return Span(self.file, self.start, other.end)

    def __str__(self) -> str:
        return f"{escaped(self.file.path)}:{self.line}"


class Origin(NamedTuple):
    """Where an effective value comes from: a place in a file, or the built-in default of a version.

    ``via`` holds the lines that lead to that file (``!include``), the outermost first.
    """

    span: Span | None = None
    default_of: str | None = None
    via: tuple[Span, ...] = ()

    def __str__(self) -> str:
        return str(self.span) if self.span else f"default {self.default_of}"
