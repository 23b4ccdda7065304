"""Dovecot's configuration files as trees that give back the text, and the statements in them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import lark

from auditor.syntax.dovecot_lexer import LogicalLines, Placed
from auditor.syntax.dovecot_lines import Kind, Line, Reading, classified, reading_of
from auditor.syntax.grammar import parser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from auditor.text import SourceFile, Span

__all__ = ["Kind", "Line", "Statement", "Tree", "first_setting", "modern_lines", "parse", "statement_of", "statements"]


class Statement(NamedTuple):
    """One logical line: what it says, and where.

    ``key`` is the name of a setting or the type of a section (``@label`` of a group), ``name`` the section's name,
    ``value`` the value with its quotes taken away and escapes resolved: of a ``FILE`` the path as written, of an
    include the pattern. ``quoted`` is about the value, or the section's name.
    """

    kind: Kind
    key: str
    name: str
    value: str
    key_quoted: bool
    quoted: bool
    message: str
    """In the daemon's words, of an ``ERROR``."""
    file: SourceFile
    placed: Placed

    @property
    def line(self) -> int:
        """The line that the daemon names."""
        return self.placed.number

    @property
    def text(self) -> str:
        """The logical line."""
        return self.placed.line.text

    @property
    def span(self) -> Span:
        """The statement without indentation and trailing comment."""
        return self.file.span(self.placed.pieces[0][1], self.placed.end)

    @property
    def key_span(self) -> Span:
        """The key, with its quotes; of a group the label."""
        return self.file.span(*self.placed.place(self.placed.line.key_at))

    @property
    def name_span(self) -> Span:
        """The section's name with its quotes; empty where it has none."""
        return self.file.span(*self.placed.place(self.placed.line.name_at))

    @property
    def value_span(self) -> Span:
        """The value as written: with its quotes, its ``<``, all lines of a heredoc."""
        start, end = self.placed.place(self.placed.line.value_at)
        return self.file.span(start, self.placed.end if self.kind is Kind.HEREDOC else end)

    def after(self, pending: str, reading: Reading) -> Statement:
        """Return what it says behind text that the daemon still has from lines before it."""
        text = pending + self.text
        line = Line(Kind.LOST, text, value=text) if self.kind is Kind.LOST else classified(text, reading)
        pieces = tuple((offset + len(pending), place) for offset, place in self.placed.pieces)
        return _statement(self.file, Placed(line, pieces, self.placed.end, self.placed.number))


class Tree(NamedTuple):
    """A file as ``grammars/dovecot.lark`` nests it, and how its lines were read."""

    file: SourceFile
    reading: Reading
    root: lark.Tree[lark.Token]

    def tokens(self) -> Iterator[lark.Token]:
        """Yield the tokens in file order; joined, they are the text."""
        pending = [iter(self.root.children)]
        while pending:
            for child in pending[-1]:
                if isinstance(child, lark.Tree):
                    pending.append(iter(child.children))
                    break
                yield child
            else:
                pending.pop()


class _Modern(LogicalLines):
    """The lexer of 2.4.0."""

    reading = reading_of("2.4", "2.4.0")


@cache
def _parser(reading: Reading) -> lark.Lark:
    lexer = type("LogicalLines", (LogicalLines,), {"reading": reading})
    return parser("dovecot", lexer)


def parse(file: SourceFile, dialect: Literal["2.3", "2.4"], version: str) -> Tree:
    """Return the tree of a file as a version such as ``2.4.1`` reads it; any text has one."""
    reading = reading_of(dialect, version)
    return Tree(file, reading, _parser(reading).parse(file.text))


def statement_of(tree: Tree, token: lark.Token, pending: str = "") -> Statement | None:
    """Return the statement of a token; None for blank lines, comments and the closing of what the file leaves open.

    ``pending`` is what the file that was included just before ended with, after a backslash: Dovecot reads it together
    with this line (``full_line`` outlives the input in ``config_parse_file``, src/config/config-parser.c).
    """
    placed = token.value
    if not isinstance(placed, Placed):
        return None
    statement = _statement(tree.file, placed)
    return statement.after(pending, tree.reading) if pending else statement


def _statement(file: SourceFile, placed: Placed) -> Statement:
    line = placed.line
    return Statement(
        line.kind, line.key, line.name, line.value, line.key_quoted, line.quoted, line.message, file, placed
    )


def first_setting(file: SourceFile) -> tuple[str, str] | None:
    """Return key and value of the first statement, read as 2.4 does, or None when that is no setting."""
    line = next(modern_lines(file), None)
    return (line.key, line.value) if line and line.kind is Kind.SETTING else None


def modern_lines(file: SourceFile) -> Iterator[Line]:
    """Yield what the statements of a file say, read as 2.4.0 does."""
    for token in _Modern(None).lex(file.text):
        if isinstance(token.value, Placed):
            yield token.value.line


def statements(tree: Tree) -> Iterator[Statement]:
    """Yield the statements of one file in its order, includes not followed."""
    for token in tree.tokens():
        statement = statement_of(tree, token)
        if statement:
            yield statement
