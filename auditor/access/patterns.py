"""The regular expressions of Postfix's tables, as far as they can be judged without running them.

Running them is out of the question: an expression from the audited host may take for ever. Most of those in access
tables are plain text between ``^`` and ``$``, or match everything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from auditor.files.tables import Entry

_EVERYTHING: Final = frozenset({"", "^", "$", ".", ".*", "^.*", ".*$", "^.*$", ".+", "^.+", "^.+$", "^."})
"""Expressions that match any text that a client sends, which is never empty."""
_SPLIT: Final = re.compile(
    r"(!?)[ \t\n\r\f\v]*(?P<delimiter>.)(?P<body>.*)(?P=delimiter)(?P<flags>[A-Za-z]*)", re.DOTALL
)
_PLAIN: Final = re.compile(r"(\^?)((?:[A-Za-z0-9.@_<>: ,%=~/-]|\\[^A-Za-z0-9])*)(\$?)")
"""A dot that is not escaped is most often meant as one, and always matches one."""


class Pattern(NamedTuple):
    """An expression that is text and nothing else; letter case does not count."""

    text: str
    at_start: bool
    at_end: bool
    negated: bool

    def matches(self, subject: str) -> bool:
        """Whether it answers a text."""
        return self._found(subject.lower()) is not self.negated

    def _found(self, subject: str) -> bool:
        text = self.text.lower()
        if self.at_start and self.at_end:
            return subject == text
        if self.at_start:
            return subject.startswith(text)
        return subject.endswith(text) if self.at_end else text in subject


def plain_pattern(entry: Entry) -> Pattern | None:
    """Return an entry's expression where it is plain text or matches everything; None for any other.

    A flag ``i`` makes letter case count (regexp_table(5)), which whoever chooses the text can respect.
    """
    match = _SPLIT.fullmatch(entry.key)
    if match is None or entry.guarded or match["flags"] not in ("", "i"):
        return None
    negated = bool(match[1])
    if match["body"] in _EVERYTHING:
        return Pattern("", at_start=False, at_end=False, negated=negated)
    plain = _PLAIN.fullmatch(match["body"])
    if plain is None:
        return None
    text = re.sub(r"\\(.)", r"\1", plain[2])
    return Pattern(text, at_start=bool(plain[1]), at_end=bool(plain[3]), negated=negated)


def holds(entry: Entry, subject: str) -> bool:
    """Whether an entry is known to answer a text."""
    pattern = plain_pattern(entry)
    return pattern is not None and pattern.matches(subject)
