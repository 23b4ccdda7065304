"""Lines of a report for people: pieces of text with a style each, printed with or without colour."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final, TextIO

from auditor.text import escaped, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Piece = tuple[str, str]
"""Text and the name of its style, empty for none."""
Line = tuple[Piece, ...]

WIDTH: Final = 80
"""Columns of a report that does not go to a terminal."""
MAX_TEXT: Final = 2000
"""Characters of one message that are shown."""

STYLES: Final = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "black on yellow",
    "low": "black on cyan",
    "info": "bold",
    "strong": "bold",
    "faint": "dim",
    "mark": "bold red",
    "other mark": "bold blue",
    "frame": "dim",
}
"""The styles and what rich calls them: those of the sixteen colours that can be read on dark and on light grounds.

Yellow and cyan text is faint on white, blue text on black; as grounds of black text they are not.
"""


def line(*pieces: str | Piece) -> Line:
    """Return a line of pieces, each made fit for a terminal."""
    return tuple((escaped(piece), "") if isinstance(piece, str) else (escaped(piece[0]), piece[1]) for piece in pieces)


def paragraph(text: str, width: int, first: Line = (), rest: str = "", style: str = "") -> Iterator[Line]:
    """Yield a text wrapped to a width, after some pieces on the first line and an indentation on the others."""
    lead = "".join(piece for piece, _ in first)
    text = shortened(escaped(" ".join(text.split())), MAX_TEXT)
    wrapped = textwrap.wrap(
        text,
        width,
        initial_indent="\0" * len(lead),
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for number, piece in enumerate(wrapped or [""]):
        yield (*first, (piece[len(lead) :], style)) if number == 0 else ((piece, style),)


def plain(lines: Iterable[Line]) -> str:
    """Return the lines as a text without colour."""
    return "".join("".join(text for text, _ in pieces).rstrip() + "\n" for pieces in lines)


def print_coloured(lines: Iterable[Line], stream: TextIO) -> None:
    """Print the lines in colour to a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, force_terminal=True, highlight=False, markup=False, emoji=False)
    for pieces in lines:
        text = Text.assemble(*((piece, STYLES.get(style, "")) for piece, style in pieces))
        console.print(text, soft_wrap=True)
