"""What a rule proposes to change, in the words of the configuration.

Rules and the model name a setting, a block, a service, a word of a list and the place that an effective value comes
from; ``auditor.fixing`` finds the characters that this takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from auditor.text import SourceFile, Span


class SetValue(NamedTuple):
    """Give the setting, the parameter or the ``-o`` that stands at a place another value."""

    at: Span
    value: str


class AddInside(NamedTuple):
    """Set something where it is not set yet: inside a block of Dovecot, or by an ``-o`` for a service of master.cf."""

    block: Span
    name: str
    value: str


class AddBlock(NamedTuple):
    """Put a block of Dovecot with one setting below the setting that stands at a place, outside of all blocks."""

    at: Span
    header: str
    name: str
    value: str


class AddGlobal(NamedTuple):
    """Set something for all where it is not set yet, in whichever of these files it fits best."""

    files: tuple[SourceFile, ...]
    name: str
    value: str


class Remove(NamedTuple):
    """Take out the setting, the parameter or the ``-o`` that stands at a place."""

    at: Span


class Rename(NamedTuple):
    """Give the setting, the parameter or the ``-o`` that stands at a place another name."""

    at: Span
    name: str


class AddComment(NamedTuple):
    """Put a line with a comment above the setting that stands at a place."""

    at: Span
    text: str


class ReplaceWord(NamedTuple):
    """Replace a word by another one; by none, it is taken out.

    It is the only one of its kind in the value of the setting at a place, in the line of the service there, or, of
    Postfix, it is what stands there itself.
    """

    at: Span
    word: str
    by: str = ""


class InsertWord(NamedTuple):
    """Put a word before or behind the one at a place of a parameter, parted from it as its neighbours are."""

    at: Span
    word: str
    behind: bool = False


class MoveAbove(NamedTuple):
    """Put a block of Dovecot above another one in the same file, and the comments above it with it.

    Each is the block that begins at the place, or the outermost one around it.
    """

    block: Span
    other: Span


class OrderBlocks(NamedTuple):
    """Write the blocks of a PEM file, which are ``old`` in their order, in the order of ``new``, and no others.

    What stands above a block goes with it.
    """

    old: tuple[Span, ...]
    new: tuple[Span, ...]


class ChangeMode(NamedTuple):
    """Take permission bits from a file or folder, by its name on the host, and give it another owner and group."""

    name: str
    clear: int
    gid: int | None = None
    uid: int | None = None


TextChange = SetValue | AddInside | AddBlock | AddGlobal | Remove | Rename | AddComment | ReplaceWord | InsertWord
Change = TextChange | MoveAbove | OrderBlocks | ChangeMode


class Fix(NamedTuple):
    """What mends a finding.

    ``safe`` is one that can be made without asking: whoever is to get in still does. ``opens`` is one that lets in whom
    the configuration means to let in and keeps out by mistake, ``closes`` one that keeps out whom it means to keep out
    and lets in.
    """

    title: str
    changes: tuple[Change, ...]
    safe: bool = True
    opens: bool = False
    closes: bool = False

    def unsafe(self) -> Fix:
        """Return it as one that takes a person's consent."""
        return self._replace(safe=False)

    def opening(self) -> Fix:
        """Return it as one that lets somebody in."""
        return self._replace(opens=True)

    def closing(self) -> Fix:
        """Return it as one that keeps somebody out."""
        return self._replace(closes=True)
