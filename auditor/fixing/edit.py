"""Edits of texts by their characters, and where they are when they are made."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.text import Span


class Edit(NamedTuple):
    """Put a text into the place of another one; an empty span is a place between two characters."""

    span: Span
    text: str

    @property
    def what(self) -> tuple[int, int, str]:
        """The edit, whatever name its file was read by."""
        return self.span.start, self.span.end, self.text

    def collides(self, other: Edit) -> bool:
        """Whether two different edits are about the same characters of a file."""
        if self.what == other.what:
            return False
        first, second = sorted((self.what[:2], other.what[:2]))
        both_replace = first[0] < first[1] and second[0] < second[1]
        return second[0] < first[1] or (both_replace and first[0] == second[0])


class Edited(NamedTuple):
    """A text with edits made, and the places that they have in the old text and in the new one."""

    text: str
    old: tuple[tuple[int, int], ...]
    new: tuple[tuple[int, int], ...]


def edited(text: str, edits: Iterable[Edit]) -> Edited:
    """Make edits, of which none collides with another; those at one place in the order in which they are given."""
    once = {edit.what: edit for edit in edits}.values()
    parts: list[str] = []
    old: list[tuple[int, int]] = []
    new: list[tuple[int, int]] = []
    at = length = 0
    for edit in sorted(once, key=lambda edit: (edit.span.start, edit.span.end)):
        start, end, by = edit.what
        length += start - at
        parts += [text[at:start], by]
        old.append((start, end))
        new.append((length, length + len(by)))
        at, length = end, length + len(by)
    return Edited("".join([*parts, text[at:]]), tuple(old), tuple(new))


def lines_of(text: str) -> list[str]:
    """Return the lines of a text with their ends; only the line feed ends one."""
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix("\n")
    return lines if lines[-1] else lines[:-1]


def kept(numbers: Sequence[int], old: str, new: Edited) -> list[int]:
    """Return by what numbers the lines of an edited text go.

    A line that is the same goes by the one of ``numbers`` that it has in the old text, any other by a negative one.
    """
    number_at = dict(zip(accumulate(map(len, lines_of(old)), initial=0), numbers, strict=False))
    found: list[int] = []
    start = place = 0
    for number, line in enumerate(lines_of(new.text)):
        while place < len(new.new) and new.new[place][1] <= start:
            place += 1
        edited_here = place < len(new.new) and new.new[place][0] < start + len(line)
        before = start + (new.old[place - 1][1] - new.new[place - 1][1] if place else 0)
        is_whole = line.endswith("\n") or before + len(line) == len(old)
        is_same = not edited_here and is_whole and old.startswith(line, before)
        found.append(number_at.get(before, -1 - number) if is_same else -1 - number)
        start += len(line)
    return found
