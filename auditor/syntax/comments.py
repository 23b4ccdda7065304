"""The comments of configuration files, and what each stands above or beside.

They are taken from the tokens of the trees, so that what looks like a comment inside a value is none.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import lark

from auditor.syntax.dovecot_lexer import Placed
from auditor.syntax.postfix_lines import Kind, stretches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.syntax.dovecot import Tree
    from auditor.text import SourceFile, Span

_BEHIND: Final = re.compile(r"[\s\\]*(#[^\n]*)")
"""What follows the text of a physical line of Dovecot: a continuation, and a comment."""
_EMPTY_LINE: Final = re.compile(r"(?m)^[ \t\r\f\v]*\n")
_COMMENT_LINE: Final = re.compile(r"(?m)#[^\n]*$")

Above = tuple["Span", bool]
"""A comment, and whether an empty line parts it from what follows."""


class Comment(NamedTuple):
    """One comment, from its ``#`` to the end of its line.

    ``about`` is what it belongs to: the statement that it stands directly above or beside, with the whole block that
    this opens; between the lines of a logical line of Postfix, the next of them. None where nothing follows.
    """

    span: Span
    about: Span | None


def dovecot_comments(tree: Tree) -> Iterator[Comment]:
    """Yield the comments of one of Dovecot's files."""
    above: list[Above] = []
    for token, end in _tokens_with_ends(tree.root):
        if token.type == "COMMENT":
            above += _lines(tree.file, token.start_pos or 0, str(token))
            continue
        about = None
        if token.type not in ("CLOSE", "STRAY_CLOSE"):
            about = tree.file.span(token.start_pos or 0, end)
        yield from _told(above, about)
        above.clear()
        if isinstance(token.value, Placed):
            yield from (Comment(span, about) for span in _beside(tree.file, token.value))
    yield from _told(above, None)


def _tokens_with_ends(root: lark.Tree[lark.Token]) -> Iterator[tuple[lark.Token, int]]:
    """Yield the tokens in file order, each with where it ends; one that opens a block, with where the block ends."""
    pending = [iter(root.children)]
    block_end: int | None = None
    while pending:
        for child in pending[-1]:
            if isinstance(child, lark.Tree):
                block_end = _end(child.children[-1])
                pending.append(iter(child.children))
                break
            yield child, _end(child) if block_end is None else block_end
            block_end = None
        else:
            pending.pop()


def _end(token: lark.Token | lark.Tree[lark.Token]) -> int:
    end = token.end_pos if isinstance(token, lark.Token) else None
    return end or 0


def _beside(file: SourceFile, placed: Placed) -> Iterator[Span]:
    """Yield the comments at the ends of the physical lines of a statement."""
    starts = [logical for logical, _ in placed.pieces]
    for (logical, physical), following in zip(placed.pieces, [*starts[1:], len(placed.line.text) + 1], strict=True):
        match = _BEHIND.match(file.text, physical + following - 1 - logical)
        if match and "\n" not in file.text[match.start() : match.start(1)]:
            yield file.span(*match.span(1))


def postfix_comments(file: SourceFile) -> Iterator[Comment]:
    """Yield the comments of a main.cf or a master.cf."""
    above: list[Above] = []
    for stretch in stretches(file.text):
        text = file.text[stretch.start : stretch.end]
        if stretch.kind is Kind.COMMENT:
            above += _lines(file, stretch.start, text)
            continue
        about = file.span(stretch.start, stretch.end) if stretch.kind is Kind.LINE else None
        yield from _told(above, about)
        above.clear()
        for (_, end), (start, next_end) in pairwise(stretch.texts):
            yield from _told(_lines(file, end + 1, file.text[end + 1 : start]), file.span(start, next_end))
    yield from _told(above, None)


def _told(above: Iterable[Above], about: Span | None) -> Iterator[Comment]:
    for span, parted in above:
        yield Comment(span, None if parted else about)


def _lines(file: SourceFile, start: int, text: str) -> list[Above]:
    """Return the comments of a run of lines; an empty line parts those above it from what follows the run."""
    last = max((match.end() for match in _EMPTY_LINE.finditer(text)), default=0)
    found = _COMMENT_LINE.finditer(text)
    return [(file.span(start + match.start(), start + match.end()), match.start() < last) for match in found]
