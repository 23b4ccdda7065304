"""Values of Postfix parameters with ``$`` references, one level of them at a time.

The messages are those of ``src/util/mac_parse.c`` and ``src/util/mac_expand.c``.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, ClassVar, Final, NoReturn

import lark
from lark.lexer import Lexer

from auditor.syntax.grammar import parser

if TYPE_CHECKING:
    from collections.abc import Iterator

SPACE: Final = " \t\r\n"
"""``MAC_EXP_WHITESPACE``: white space inside a reference."""
OPERATORS: Final = ("==", "!=", "<", "<=", ">=", ">")
_ANY_OPERATOR: Final = '"==" or "!="" or "<"" or "<="" or ">="" or ">"'
"""``MAC_EXP_OP_STR_ANY``, its quotes as the daemon prints them."""

KEPT: Final = 4096
"""Parsed values that are kept: a value is looked at for each service that uses it."""

_NAME: Final = re.compile(r"[A-Za-z0-9_]*")
_BLANKS: Final = re.compile(r"[ \t\r\n]*")
_OPERATOR: Final = re.compile(r"[<>!=?+\-*/~&|%]*")
_SUFFIX: Final = re.compile(r"[A-Za-z0-9]*")
_BRACKETS: Final = {"{": re.compile(r"[{}]"), "(": re.compile(r"[()]")}


class ExpansionError(Exception):
    """A value that ends every program that uses it; the text is the daemon's."""


def _balanced(text: str, opening: int) -> int:
    """Return the offset behind the bracket that closes the one at an offset, or -1; other brackets do not count."""
    depth = 0
    bracket = text[opening]
    for match in _BRACKETS[bracket].finditer(text, opening):
        depth += 1 if match[0] == bracket else -1
        if depth == 0:
            return match.end()
    return -1


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


class _ValueLexer(Lexer):
    """Literal text and references (``mac_parse``)."""

    def __init__(self, configuration: object) -> None:
        """Take no configuration: the terminals have no patterns."""

    def lex(self, data: str) -> Iterator[lark.Token]:  # type: ignore[override]  # Lark hands this kind of lexer the text
        at = 0
        while at < len(data):
            dollar = data.find("$", at)
            if dollar != at:
                end = dollar if dollar >= 0 else len(data)
                yield lark.Token("TEXT", data[at:end], at)
                at = end
            elif data.startswith("$$", at):
                yield lark.Token("DOLLAR", "$$", at)
                at += 2
            elif data[at + 1 : at + 2] in ("{", "("):
                end = _balanced(data, at + 1)
                if end < 0:
                    message = f'truncated macro reference: "{data}"'
                    raise ExpansionError(message)
                body = data[at + 2 : end - 1]
                if not body:
                    message = f'empty macro name: "{data}"'
                    raise ExpansionError(message)
                yield lark.Token("OPEN", data[at : at + 2], at)
                yield lark.Token("BODY", body, at + 2)
                yield lark.Token("CLOSE", data[end - 1], end - 1)
                at = end
            else:
                end = _end(_NAME, data, at + 1)
                if end == at + 1:
                    message = f'empty macro name: "{data}"'
                    raise ExpansionError(message)
                yield lark.Token("PLAIN", data[at:end], at)
                at = end


class _BodyScanner:
    """Splits what stands inside a reference (``mac_expand_callback``).

    White space that the daemon skips belongs to the token before or behind it; joined, the tokens are the text.
    """

    def __init__(self, text: str, *, suffixes: bool) -> None:
        self.text = text
        self.suffixes = suffixes
        self.at = 0
        self.tokens: list[lark.Token] = []

    def scan(self) -> list[lark.Token]:
        """Return the tokens; raises ExpansionError where the daemon finds a syntax error."""
        if self._group_is_next():
            self._comparison()
            if self._next() not in ("", "?", ":"):
                self._fail(f'"?" or ":" expected at: "...}}>>>{self._rest()}"')
        else:
            self._name()
        if self._next():
            self._branches()
        return self.tokens

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def _rest(self) -> str:
        return self.text[self.at : self.at + 20]

    def _fail(self, message: str) -> NoReturn:
        raise ExpansionError(message)

    def _take(self, kind: str, end: int) -> str:
        token = lark.Token(kind, self.text[self.at : end], self.at)
        self.tokens.append(token)
        self.at = end
        return str(token)

    def _group_is_next(self) -> bool:
        opening = _end(_BLANKS, self.text, self.at)
        return self.text[opening : opening + 1] == "{"

    def _group(self) -> str:
        opening = _end(_BLANKS, self.text, self.at)
        end = _balanced(self.text, opening)
        if end < 0:
            self._fail(f'unbalanced {{}} in attribute expression: "{self.text[opening:]}"')
        self._take("GROUP", _end(_BLANKS, self.text, end))
        return self.text[opening + 1 : end - 1]

    def _comparison(self) -> None:
        left = self._group()
        start = self.at
        end = _end(_OPERATOR, self.text, start)
        operator = self.text[start:end]
        if operator not in OPERATORS:
            self._fail(f'{_ANY_OPERATOR} expected at: "...{left}}}>>>{self._rest()}"')
        self._take("OPERATOR", end)
        if self.suffixes and (end := _end(_SUFFIX, self.text, self.at)) > self.at:
            self._take("SUFFIX", end)
        if not self._group_is_next():
            self._fail(f'"{{expression}}" expected at: "...{{{left}}} {operator}>>>{self._rest()}"')
        self._group()

    def _name(self) -> None:
        start = _end(_BLANKS, self.text, 0)
        end = _end(_NAME, self.text, start)
        behind = _end(_BLANKS, self.text, end)
        following = self.text[behind : behind + 1]
        if following not in ("", "?", ":", "{"):
            self._fail(f'attribute name syntax error at: "...{self.text[:end]}>>>{self.text[end : end + 20]}"')
        self._take("NAME", behind)
        if following == "{":
            argument = self._group()
            if self._next():
                self._fail(f'unexpected input at: "...{argument}}}>>>{self._rest()}"')

    def _branches(self) -> None:
        if self._next() == "?":
            branch = self._branch("IF")
            if self._next() not in ("", ":"):
                self._fail(f'":" expected at: "...{branch}}}>>>{self._rest()}"')
        if self._next() == ":":
            branch = self._branch("ELSE")
            if self._next():
                self._fail(f'unexpected input at: "...{branch}}}>>>{self._rest()}"')

    def _branch(self, kind: str) -> str:
        self._take(kind, self.at + 1)
        if self._group_is_next():
            return self._group()
        return self._take("REST", len(self.text))


class _BodyLexer(Lexer):
    suffixes: ClassVar[bool] = True

    def __init__(self, configuration: object) -> None:
        """Take no configuration: the terminals have no patterns."""

    def lex(self, data: str) -> Iterator[lark.Token]:  # type: ignore[override]  # Lark hands this kind of lexer the text
        return iter(_BodyScanner(data, suffixes=self.suffixes).scan())


class _BodyLexerBefore36(_BodyLexer):
    suffixes = False


@cache
def _parser(lexer: type[Lexer]) -> lark.Lark:
    return parser("postfix_expansion", lexer)


def parse_value(text: str) -> lark.Tree[lark.Token]:
    """Return the tree of a value; raises ExpansionError where the daemon finds a syntax error."""
    return _parser(_ValueLexer).parse(text, start="value")


def parse_body(text: str, *, suffixes: bool = True) -> lark.Tree[lark.Token]:
    """Return the tree of what stands inside a reference; raises ExpansionError as the daemon does.

    ``suffixes``: whether operators may have one, as in ``<level``; Postfix 3.6 and later.
    """
    return _parser(_BodyLexer if suffixes else _BodyLexerBefore36).parse(text, start="body")


def value_beginning(text: str) -> tuple[list[lark.Token], bool]:
    """Return the tokens of a value up to its first syntax error, and whether that is all of it."""
    found: list[lark.Token] = []
    try:
        found.extend(_ValueLexer(None).lex(text))
    except ExpansionError:
        return found, False
    return found, True


def body_beginning(text: str, *, suffixes: bool) -> tuple[list[lark.Token], bool]:
    """Return the tokens of what stands inside a reference up to its first syntax error, and whether that is all."""
    scanner = _BodyScanner(text, suffixes=suffixes)
    try:
        scanner.scan()
    except ExpansionError:
        return scanner.tokens, False
    return scanner.tokens, True


@lru_cache(maxsize=KEPT)
def value_tokens(text: str) -> tuple[lark.Token, ...]:
    """Return the tokens of a value; raises ExpansionError where the daemon finds a syntax error."""
    return tuple(tokens(parse_value(text)))


@lru_cache(maxsize=KEPT)
def body_tokens(text: str, *, suffixes: bool = True) -> tuple[str, tuple[lark.Token, ...]]:
    """Return what kind of body stands inside a reference, and its tokens; raises ExpansionError as the daemon does."""
    tree = parse_body(text, suffixes=suffixes)
    return str(tree.data), tuple(tokens(tree))


def tokens(tree: lark.Tree[lark.Token]) -> Iterator[lark.Token]:
    """Yield the tokens of a tree in order; joined, they are the text."""
    for child in tree.children:
        if isinstance(child, lark.Tree):
            yield from tokens(child)
        else:
            yield child


def inside(group: lark.Token) -> tuple[str, int]:
    """Return what stands between the braces of a ``GROUP``, and its offset in the token; of ``REST`` all of it."""
    if group.type != "GROUP":
        return str(group), 0
    start = group.index("{") + 1
    return group[start : group.rindex("}")], start
