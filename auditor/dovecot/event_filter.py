"""The language of event filters, as in ``log_debug`` and the ``filter`` of a metric.

Follows src/lib/event-filter-lexer.l and event-filter-parser.y (2.3.19.1). Versions before 2.3.12 have another language.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TOKENS: Final = re.compile(
    r"""[ \t\n\r]|(?P<STRING>"(?P<text>(?:\\.|[^"])*+)")|(?P<end>".*)|(?P<TOKEN>[A-Za-z0-9:.*?_-]+)|(?P<sign>.)""",
    re.DOTALL,
)
_SIGNS: Final = "<>=()"
_WORDS: Final = ("AND", "OR", "NOT")
_ONLY_EQUAL: Final = ("event", "category", "source_location")
_END: Final = "$end"


class _State(Enum):
    """What was read last."""

    NOTHING = auto()
    OPERATOR = auto()
    """``and``, ``or``, ``not`` or an opening bracket."""
    KEY = auto()
    EQUAL = auto()
    UNEQUAL = auto()
    """``<`` or ``>``, behind which an equals sign may stand."""
    UNEQUAL_OR_EQUAL = auto()
    VALUE = auto()


_EXPRESSION: Final = {
    "TOKEN": _State.KEY,
    "STRING": _State.KEY,
    "NOT": _State.OPERATOR,
    "'('": _State.OPERATOR,
}
_VALUE: Final = dict.fromkeys(("TOKEN", "STRING", *_WORDS), _State.VALUE)
_NEXT: Final[Mapping[_State, Mapping[str, _State]]] = {
    _State.NOTHING: _EXPRESSION,
    _State.OPERATOR: _EXPRESSION,
    _State.KEY: {"'='": _State.EQUAL, "'>'": _State.UNEQUAL, "'<'": _State.UNEQUAL},
    _State.EQUAL: _VALUE,
    _State.UNEQUAL: {**_VALUE, "'='": _State.UNEQUAL_OR_EQUAL},
    _State.UNEQUAL_OR_EQUAL: _VALUE,
    _State.VALUE: {"AND": _State.OPERATOR, "OR": _State.OPERATOR, "')'": _State.VALUE},
}
_EXPECTED: Final = {
    # The parser takes what stands in front of such a token for an empty filter.
    _State.NOTHING: _END,
    _State.OPERATOR: "TOKEN or STRING or NOT or '('",
    _State.KEY: "'=' or '>' or '<'",
    _State.VALUE: _END,
}
"""What the parser names; it names no more than four tokens."""


def filter_error(text: str) -> str:
    """Return what the daemon says of a filter that it cannot parse, in its parser's words; empty for a good one."""
    message = _error(text)
    return f"event filter: {message}" if message else ""


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yield the kinds of tokens and their texts, then the end; a string that does not end is the end."""
    for match in _TOKENS.finditer(text):
        kind = match.lastgroup
        if kind == "TOKEN":
            word = match[0].upper()
            yield word if word in _WORDS else kind, match[0]
        elif kind == "STRING":
            yield kind, re.sub(r'\\([\\"])', r"\1", match["text"])
        elif kind == "end":
            break
        elif kind:
            yield f"'{match[0]}'" if match[0] in _SIGNS else "$undefined", match[0]
    yield _END, ""


def _error(text: str) -> str:
    state = _State.NOTHING
    open_brackets = 0
    key = ""
    for kind, word in _tokens(text):
        if kind == _END and not open_brackets and state in (_State.NOTHING, _State.VALUE):
            break
        following = _NEXT[state].get(kind)
        if following is None or (kind == "')'" and not open_brackets):
            expected = "AND or OR or ')'" if open_brackets and state is _State.VALUE else _EXPECTED.get(state)
            return f"syntax error, unexpected {kind}" + (f", expecting {expected}" if expected else "")
        is_unequal = state in (_State.UNEQUAL, _State.UNEQUAL_OR_EQUAL)
        if is_unequal and following is _State.VALUE and key in _ONLY_EQUAL:
            return "Only fields support inequality comparisons"
        open_brackets += (kind == "'('") - (kind == "')'")
        key = word if following is _State.KEY else key
        state = following
    return ""
