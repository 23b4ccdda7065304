"""main.cf and master.cf as trees that give back the text, and the parameters and services in them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import lark
from lark.lexer import Lexer

from auditor.syntax.grammar import parser
from auditor.syntax.postfix_lines import (
    WHITE,
    Kind,
    LogicalLine,
    Word,
    braced,
    logical_line,
    name_value,
    stretches,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.text import SourceFile, Span

FIELDS: Final = ("SERVICE", "TYPE", "PRIVATE", "UNPRIV", "CHROOT", "WAKEUP", "MAXPROC", "COMMAND")
"""The fields of a service, in the order of master.cf."""


MESSAGE_WIDTH: Final = 60
"""Characters of a word that a message repeats."""
MASTER_BLANKS: Final = " \t\r\n"
"""What stands between the words of master.cf: ``master_blanks`` of ``src/master/master_ent.c``."""


class Text(NamedTuple):
    """A text that Postfix sees, and where its characters stand in a file."""

    value: str
    line: LogicalLine
    start: int
    """Its offset in the logical line."""

    @property
    def span(self) -> Span:
        """The whole of it in the file, as written."""
        return self.part(0, len(self.value))

    def part(self, start: int, end: int) -> Span:
        """Return the span in the file of a part of it."""
        return self.line.span(self.start + start, self.start + end)


class Assignment(NamedTuple):
    """``name = value`` in main.cf, or behind a ``-o`` of master.cf."""

    name: Text
    value: Text
    span: Span
    """From the name, of a ``-o`` from the option, to the end of the value."""


class Refused(NamedTuple):
    """A logical line or a word that Postfix ends on, in its words."""

    message: str
    span: Span


class ServiceLine(NamedTuple):
    """One service of master.cf.

    ``fields`` are the eight fields. ``arguments`` are all words behind the command as postconf normalises them:
    options split from what they are glued to, braces taken off. ``settings`` are the ``-o`` that postconf reads,
    ``refused`` is what the daemon that is started with these arguments ends on.
    """

    fields: tuple[Text, ...]
    arguments: tuple[Text, ...]
    settings: tuple[Assignment, ...]
    first_argument: int
    """Where in ``arguments`` the options end and the command's own arguments begin."""
    refused: tuple[Refused, ...]
    span: Span


Part = tuple[str, int, Text | None]
"""A token of a logical line: its kind, the offset in the file where it ends, and the text in it that Postfix sees."""


class _Tokens(Lexer):
    """A lexer of logical lines; sub-classes split one line of text into its tokens."""

    def __init__(self, configuration: object) -> None:
        """Take no configuration: the terminals have no patterns."""

    def lex(self, data: SourceFile) -> Iterator[lark.Token]:  # type: ignore[override]  # what Lark.parse was given
        """Yield the tokens of a file; joined, they are its text."""
        whole = data.text
        for stretch in stretches(whole):
            if stretch.kind is not Kind.LINE:
                yield lark.Token(stretch.kind.value, whole[stretch.start : stretch.end], stretch.start)
                continue
            at = stretch.start
            for kind, end, text in self.parts(logical_line(data, stretch)):
                token = lark.Token(kind, whole[at:end], at)
                if text is not None:
                    token.value = text
                yield token
                at = end

    def parts(self, line: LogicalLine) -> Sequence[Part]:
        """Return the tokens of a logical line."""
        raise NotImplementedError


class _MainLexer(_Tokens):
    def parts(self, line: LogicalLine) -> Sequence[Part]:
        pair = name_value(line.text)
        if pair.error:
            return [("BAD", line.end, Text(line.text, line, 0))]
        name_end = line.offset(pair.name_start + len(pair.name) - 1) + 1
        value_start = line.offset(pair.value_start) if pair.value else line.end
        return [
            ("NAME", name_end, Text(pair.name, line, pair.name_start)),
            ("EQUALS", value_start, None),
            ("VALUE", line.end, Text(pair.value, line, pair.value_start)),
        ]


class _MasterLexer(_Tokens):
    def parts(self, line: LogicalLine) -> Sequence[Part]:
        parts = _service_parts(line.text)
        if not parts:
            return [("BAD", line.end, Text(line.text, line, 0))]
        starts = [line.offset(word.start) if word.text else line.end for _, word in parts[1:]]
        return [
            (kind, end, Text(word.text, line, word.start))
            for (kind, word), end in zip(parts, (*starts, line.end), strict=True)
        ]


def _service_parts(text: str) -> list[tuple[str, Word]]:
    """Split a line of master.cf into fields, options and arguments; nothing when fields are missing.

    Options are told from arguments as ``pcf_normalize_daemon_args`` does (``src/postconf/postconf_master.c``): up to
    the first word that does not begin with ``-``, ``--`` and a lone ``-``
    included; an ``o`` inside a cluster begins an option.
    """
    found = list(words(text, MASTER_BLANKS))
    if len(found) < len(FIELDS):
        return []
    parts = list(zip(FIELDS, found, strict=False))
    rest = iter(found[len(FIELDS) :])
    for word in rest:
        if not word.text.startswith("-") or word.text in ("-", "--"):
            parts.append(("ARGUMENT", word))
            break
        letter = word.text.find("o", 1)
        if letter < 0:
            parts.append(("FLAGS", word))
            continue
        option = word.start + (letter if letter > 1 else 0)
        value = word.start + letter + 1
        if letter > 1:
            parts.append(("FLAGS", Word(text[word.start : option], word.start, option)))
        parts.append(("OPTION", Word(text[option:value], option, value)))
        glued = Word(text[value : word.end], value, word.end)
        parts.append(("SETTING", glued if glued.text else next(rest, Word("", word.end, word.end))))
    parts += [("ARGUMENT", word) for word in rest]
    return parts


@cache
def _parser(name: str) -> lark.Lark:
    return parser(name, _MainLexer if name == "main_cf" else _MasterLexer)


class Tree(NamedTuple):
    """A file as its grammar splits it."""

    file: SourceFile
    root: lark.Tree[lark.Token]

    def tokens(self) -> Iterator[lark.Token]:
        """Yield the tokens in file order; joined, they are the text."""
        for child in self.root.children:
            if isinstance(child, lark.Tree):
                yield from child.scan_values(lambda token: isinstance(token, lark.Token))
            else:
                yield child


def parse_main(file: SourceFile) -> Tree:
    """Return the tree of a main.cf; any text has one."""
    return Tree(file, _parser("main_cf").parse(file))


def parse_master(file: SourceFile) -> Tree:
    """Return the tree of a master.cf; any text has one."""
    return Tree(file, _parser("master_cf").parse(file))


def parameters(tree: Tree) -> Iterator[Assignment | Refused]:
    """Return what a main.cf assigns, and the lines that end every Postfix program, in file order.

    The messages are those of ``dict_load_fp`` (``src/util/dict.c``), the text in them cut after its first word.
    """
    for child in tree.root.children:
        if isinstance(child, lark.Tree):
            name, value = _text(child.children[0]), _text(child.children[2])
            yield Assignment(name, value, tree.file.span(name.span.start, value.span.end))
        elif child.type == "BAD":
            text = _text(child)
            yield Refused(f'{name_value(text.value).error}: "{_beginning(text.value)}"', _trimmed(text))


def services(tree: Tree) -> Iterator[ServiceLine | Refused]:
    """Return the services of a master.cf, and the lines that are none, in file order."""
    for child in tree.root.children:
        if isinstance(child, lark.Tree):
            yield _service(child, tree.file)
        elif child.type == "BAD":
            yield Refused("bad field count", _trimmed(_text(child)))


def _text(child: lark.Tree[lark.Token] | lark.Token) -> Text:
    """Return the text that the lexer gave a token."""
    text: object = getattr(child, "value", None)
    if not isinstance(text, Text):
        message = f"no text in {child!r}"
        raise TypeError(message)
    return text


def _beginning(text: str) -> str:
    """Return the first word of a text, for a message: what follows may be long, and may be a secret."""
    first = next(words(text, WHITE), Word("", 0, 0)).text[:MESSAGE_WIDTH].partition("=")[0].rstrip(WHITE)
    return first if first == text.rstrip(WHITE) else f"{first}..."


def _trimmed(text: Text) -> Span:
    return text.part(0, len(text.value.rstrip(WHITE)))


def _service(tree: lark.Tree[lark.Token], file: SourceFile) -> ServiceLine:
    fields = tuple(_text(child) for child in tree.children[: len(FIELDS)])
    words_behind: list[Text] = []
    settings: list[Assignment] = []
    refused: list[Refused] = []
    options = 0
    for child in tree.children[len(FIELDS) :]:
        if isinstance(child, lark.Tree):
            option, setting = (_text(part) for part in child.children)
            assignment, normal = _setting(option, setting, refused)
            words_behind += [Text("-o", option.line, option.start), *([normal] if setting.value else [])]
            settings += [assignment] if assignment else []
            options = len(words_behind)
        else:
            words_behind.append(_without_braces(_text(child), refused))
            options = len(words_behind) if child.type == "FLAGS" else options
    last = words_behind[-1] if words_behind else fields[-1]
    span = file.span(fields[0].span.start, last.span.end)
    return ServiceLine(fields, tuple(words_behind), tuple(settings), options, tuple(refused), span)


def _without_braces(word: Text, refused: list[Refused]) -> Text:
    if not word.value.startswith("{"):
        return word
    inside = braced(Word(word.value, word.start, word.start + len(word.value)))
    if inside.error:
        error = inside.error.partition(' in "')[0]
        refused.append(Refused(f'{error} in "{_beginning(word.value)}"', word.span))
    return Text(inside.text, word.line, inside.start)


def _setting(option: Text, word: Text, refused: list[Refused]) -> tuple[Assignment | None, Text]:
    """Read what follows ``-o``; the second part of the answer is how postconf prints it."""
    span = word.line.file.span(option.span.start, word.span.end)
    inside = _without_braces(word, refused)
    pair = name_value(inside.value, inside.start)
    if pair.error:
        message = (
            f'invalid "-o {_beginning(inside.value)}" option value: {pair.error}'
            if word.value
            else "option requires an argument -- 'o'"
        )
        refused.append(Refused(message, span))
        return None, inside
    name = Text(pair.name, word.line, pair.name_start)
    value = Text(pair.value, word.line, pair.value_start)
    printed = Text(f"{pair.name}={pair.value}", word.line, inside.start) if word.value.startswith("{") else inside
    return Assignment(name, value, span), printed
