"""What the ``$`` references of a value come to.

Source: ``mac_expand`` of ``src/util/mac_expand.c``, ``compat_level_relop_eval`` of ``src/global/compat_level.c``;
postconf(5), "The general format of the main.cf file".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.postfix.start_checks import is_hostname
from auditor.syntax.postfix_expansion import (
    KEPT,
    SPACE,
    ExpansionError,
    body_beginning,
    body_tokens,
    inside,
    value_beginning,
    value_tokens,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import lark

MAX_DEPTH: Final = 100
"""References inside references; deeper ones end the daemon (``mac_expand_callback``)."""
MAX_LENGTH: Final = 4 * 1024 * 1024
"""Characters that a value may come to before it counts as too large to be followed. The daemons know no such limit."""
MAX_PIECES: Final = 100_000
"""Stretches of text that a value may be put together from before it counts as too large."""

_LEVEL: Final = re.compile(r"\s*\+?(\d+)(?:\.\s*\+?(\d+)(?:\.\s*\+?(\d+))?)?", re.ASCII)


class TooLargeError(ExpansionError):
    """A value that comes to more than this program follows."""


class Piece(NamedTuple):
    """A stretch of an expanded text: the parameter whose value it stands in literally, and the offset there."""

    text: str
    source: str
    start: int


class Expansion(NamedTuple):
    """What a value comes to.

    ``used`` names the parameters it was made from, ``undefined`` those that nothing defines, in order of use.
    """

    pieces: tuple[Piece, ...]
    used: tuple[str, ...] = ()
    undefined: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text."""
        return "".join([piece.text for piece in self.pieces])


def compatibility_level(text: str) -> tuple[int, int, int]:
    """Return a ``major.minor.patch`` level; raises ExpansionError on another syntax (``compat_level_from_string``)."""
    match = _LEVEL.fullmatch(text)
    parts = [int(part or 0) for part in match.groups()] if match and len(text) < 40 else []
    if not parts or parts[1] > 1023 or parts[2] > 1023:
        message = f'malformed compatibility level syntax: "{text}"'
        raise ExpansionError(message)
    return parts[0], parts[1], parts[2]


def compare_levels(left: str, right: str) -> int:
    """Compare two compatibility levels, as the suffix ``level`` of an operator asks for."""
    first, second = compatibility_level(left), compatibility_level(right)
    return (first > second) - (first < second)


def compare(left: str, right: str) -> int:
    """Compare two texts: as numbers when both are all digits, else byte by byte (``mac_exp_eval``)."""
    if left.isascii() and right.isascii() and left.isdigit() and right.isdigit():
        width = max(len(left), len(right))
        left, right = left.zfill(width), right.zfill(width)
    first, second = left.encode("utf-8", "surrogateescape"), right.encode("utf-8", "surrogateescape")
    return (first > second) - (first < second)


def domain_to_ascii(text: str) -> str:
    """Return a domain name in its ASCII form, ASCII as it is; raises ExpansionError when it has none.

    ``src/util/midna_domain.c``, where an empty text is not ASCII (``allascii``); tried on 3.11.7.
    """
    if text and text.isascii():
        return text
    try:
        name = text.encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    if not is_hostname(name):
        message = f'domain_to_ascii failed: "{text}"'
        raise ExpansionError(message)
    return name


def domain_to_utf8(text: str) -> str:
    """Return a domain name in its UTF-8 form, what is not ASCII as it is; raises ExpansionError when it has none."""
    if not text or not text.isascii():
        return text
    try:
        name = text.lower().encode("ascii").decode("idna") if is_hostname(text) else ""
    except UnicodeError:
        name = ""
    if not name:
        message = f'domain_to_utf8 failed: "{text}"'
        raise ExpansionError(message)
    return name


class Features(NamedTuple):
    """What a version knows beside plain references: operator suffixes, and functions by name."""

    suffixes: Mapping[str, Callable[[str, str], int]]
    functions: Mapping[str, Callable[[str], str]]

    @classmethod
    def of(cls, version: tuple[int, ...]) -> Features:
        """Return what a Postfix version knows: ``level`` since 3.6, functions since 3.11 (RELEASE_NOTES)."""
        return cls(_SUFFIXES if version >= (3, 6) else {}, _FUNCTIONS if version >= (3, 11) else {})


_SUFFIXES: Final = {"level": compare_levels}
_FUNCTIONS: Final = {"domain_to_ascii": domain_to_ascii, "domain_to_utf8": domain_to_utf8}


_COMPARISONS: Final[dict[str, Callable[[int], bool]]] = {
    "==": lambda order: order == 0,
    "!=": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">=": lambda order: order >= 0,
    ">": lambda order: order > 0,
}


@dataclass(slots=True)
class _Work:
    """An expansion under way."""

    pieces: list[Piece] = field(default_factory=list)
    used: dict[str, None] = field(default_factory=dict)
    undefined: dict[str, None] = field(default_factory=dict)
    length: int = 0
    height: int = 0

    def add(self, piece: Piece) -> None:
        self.length += len(piece.text)
        if self.length > MAX_LENGTH or len(self.pieces) > MAX_PIECES:
            message = "it expands to more than can be followed"
            raise TooLargeError(message)
        self.pieces.append(piece)

    def reach(self, depth: int, name: str) -> None:
        self.height = max(self.height, depth)
        if depth > MAX_DEPTH:
            message = f'unreasonable macro call nesting: "{name}"'
            raise ExpansionError(message)


class Expander:
    """Expands values in one scope.

    ``lookup`` returns a parameter's raw value, or None where nothing defines it. ``recursive``: expand what is found
    there, too, as Postfix does for parameters; ``raw`` names the parameters that are taken as they are nevertheless.
    """

    def __init__(
        self,
        lookup: Callable[[str], str | None],
        features: Features,
        *,
        recursive: bool = True,
        raw: Iterable[str] = (),
    ) -> None:
        self._lookup = lookup
        self._features = features
        self._recursive = recursive
        self._raw = frozenset(raw)
        self._known: dict[str, tuple[Expansion, int]] = {}
        self._under_way: set[str] = set()

    def expand(self, value: str, source: str = "") -> Expansion:
        """Return what a value of the parameter ``source`` comes to; raises ExpansionError where the daemon ends."""
        if "$" not in value:
            return Expansion((Piece(value, source, 0),) if value else ())
        return self._expanded(value, source)[0]

    def _expanded(self, value: str, source: str, depth: int = 0) -> tuple[Expansion, int]:
        work = _Work()
        self._value(work, value, source, 0, depth)
        return Expansion(tuple(work.pieces), tuple(work.used), tuple(work.undefined)), work.height - depth

    def _value(self, work: _Work, text: str, source: str, start: int, depth: int) -> None:
        """Expand a text that stands at ``start`` in the value of ``source``."""
        if "$" not in text:
            if text:
                work.reach(depth, text)
                work.add(Piece(text, source, start))
            return
        for token in value_tokens(text):
            if token.type == "BODY":
                self._body(work, str(token), source, start + (token.start_pos or 0), depth)
            elif token.type not in ("OPEN", "CLOSE"):
                self._token(work, token, source, start, depth)

    def _token(self, work: _Work, token: lark.Token, source: str, start: int, depth: int) -> None:
        work.reach(depth, token)
        if token.type == "PLAIN":
            self._parameter(work, token[1:], depth)
        else:
            text = "$" if token.type == "DOLLAR" else str(token)
            work.add(Piece(text, source, start + (token.start_pos or 0)))

    def _body(self, work: _Work, body: str, source: str, start: int, depth: int) -> None:
        """Expand what stands inside a reference."""
        work.reach(depth, body)
        kind, parts = body_tokens(body, suffixes=bool(self._features.suffixes))
        name = parts[0].strip(SPACE)
        if kind == "parameter":
            self._parameter(work, name, depth)
            return
        if kind == "function":
            self._function(work, name, parts[1], depth)
            return
        compares = parts[0].type == "GROUP"
        holds = self._holds(work, parts, depth) if compares else bool(self._raw_value(work, name))
        if kind == "truth":
            if holds:
                work.add(Piece("true", source, start))
            return
        chosen = _branch(parts, holds=holds)
        if chosen is not None:
            text, offset = inside(chosen)
            self._value(work, text, source, start + (chosen.start_pos or 0) + offset, depth + 1)

    def _raw_value(self, work: _Work, name: str) -> str | None:
        work.used[name] = None
        return self._lookup(name)

    def _parameter(self, work: _Work, name: str, depth: int) -> None:
        value = self._raw_value(work, name)
        if value is None:
            work.undefined[name] = None
            return
        if not value:
            return
        if not self._recursive or name in self._raw:
            work.add(Piece(value, name, 0))
            return
        if name not in self._known:
            self._known[name] = self._nested(name, value, depth + 1)
        expansion, height = self._known[name]
        work.reach(depth + 1 + height, name)
        work.used.update(dict.fromkeys(expansion.used))
        work.undefined.update(dict.fromkeys(expansion.undefined))
        for piece in expansion.pieces:
            work.add(piece)

    def _nested(self, name: str, value: str, depth: int) -> tuple[Expansion, int]:
        if name in self._under_way:
            message = f'unreasonable macro call nesting: "{name}"'
            raise ExpansionError(message)
        self._under_way.add(name)
        try:
            return self._expanded(value, name, depth)
        finally:
            self._under_way.discard(name)

    def _text(self, work: _Work, group: lark.Token, depth: int) -> str:
        """Return what the text of a group comes to, without putting it into the result."""
        part = _Work(used=work.used, undefined=work.undefined)
        self._value(part, inside(group)[0], "", 0, depth)
        return "".join([piece.text for piece in part.pieces])

    def _function(self, work: _Work, name: str, group: lark.Token, depth: int) -> None:
        function = self._features.functions.get(name)
        if function is None:
            message = f'unknown function "{name}" at "...>>>{name}{{{inside(group)[0]}}}"'
            raise ExpansionError(message)
        work.add(Piece(function(self._text(work, group, depth + 1).strip(SPACE)), "", 0))

    def _holds(self, work: _Work, parts: Sequence[lark.Token], depth: int) -> bool:
        """Evaluate the comparison that a body begins with."""
        left, operator, *rest = parts
        compared: Callable[[str, str], int] = compare
        if rest[0].type == "SUFFIX":
            suffix = rest.pop(0)
            if suffix not in self._features.suffixes:
                message = f'bad operator suffix at: "...{operator}>>>{suffix}"'
                raise ExpansionError(message)
            compared = self._features.suffixes[suffix]
        first, second = self._text(work, left, depth + 1), self._text(work, rest[0], depth + 1)
        return _COMPARISONS[str(operator)](compared(first, second))


def _branch(parts: Sequence[lark.Token], *, holds: bool) -> lark.Token | None:
    """Return the text that a test chooses."""
    wanted = "IF" if holds else "ELSE"
    return next((branch for mark, branch in pairwise(parts) if mark.type == wanted), None)


@lru_cache(maxsize=KEPT)
def references(value: str, version: tuple[int, ...]) -> tuple[str, ...]:
    """Return the names that a value refers to, in every branch (``MAC_EXP_FLAG_SCAN``), up to its first syntax error.

    What a Postfix of the version does not know, such as a function, is such an error.
    """
    found: list[str] = []
    _scan(value, Features.of(version), found, 0)
    return tuple(found)


def _scan(text: str, features: Features, found: list[str], depth: int) -> bool:
    """Collect the names in a text; returns whether there is no error in it."""
    if "$" not in text:
        return True
    if depth > MAX_DEPTH:
        return False
    parts, is_whole = value_beginning(text)
    for token in parts:
        if token.type == "PLAIN":
            found.append(token[1:])
        elif token.type == "BODY" and not _scan_body(token, features, found, depth):
            return False
    return is_whole


def _scan_body(body: str, features: Features, found: list[str], depth: int) -> bool:
    """Collect the names in a reference: that in front of its branches, then those in its texts."""
    parts, is_whole = body_beginning(body, suffixes=bool(features.suffixes))
    kinds = [part.type for part in parts]
    if kinds[:1] != ["NAME"]:
        if kinds.count("GROUP") < 2 or any(str(one) not in features.suffixes for one in parts if one.type == "SUFFIX"):
            return False
    elif kinds[1:2] == ["GROUP"]:
        if parts[0].strip(SPACE) not in features.functions:
            return False
    elif is_whole or len(kinds) > 1:
        found.append(parts[0].strip(SPACE))
    texts = (inside(part)[0] for part in parts if part.type in ("GROUP", "REST"))
    return all(_scan(text, features, found, depth + 1) for text in texts) and is_whole
