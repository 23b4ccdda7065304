r"""The variables in Dovecot's values.

2.4 has a language of its own (``grammars/dovecot_variables.lark``) and checks it when it reads a configuration. In 2.2
and 2.3 a variable is ``%u``, ``%Lu``, ``%5.2u`` or ``%{name}``, and ``%%`` is a percent sign (src/lib/var-expand.c).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

import lark
from lark.lexer import Lexer

from auditor.syntax.grammar import parser

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEXT: Final = re.compile(r"(?P<OCBRACE>%\{)|(?P<VALUE>%%\{|[^%]+)|(?P<PERC>%)")
_EXPRESSION: Final = re.compile(
    r"""(?P<BLANK>[ \t]+)|(?P<NAME>[^\x00-@\[-`{-\x7f][^\x00-,<-@\[-^`{-\x7f]*)|(?P<NUMBER>[0-9]+)
    |(?P<VALUE>"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')|(?P<OPEN_QUOTE>["'])|(?P<CCBRACE>\})|(?P<PIPE>\|)|(?P<OBRACE>\()
    |(?P<CBRACE>\))|(?P<COMMA>,)|(?P<EQ>=)|(?P<PLUS>\+)|(?P<MINUS>-)|(?P<STAR>\*)|(?P<SLASH>/)|(?P<PERC>%)|(?P<STRAY>.)""",
    re.DOTALL | re.VERBOSE,
)
_ESCAPES: Final = re.compile(r"(?:[^\\]|\\(?:\\|x[0-9a-fA-F]{2}|[0-9]|[trn\"']))*+")
"""A string whose escapes are all known."""
_NO_UTF8: Final = re.compile("[\ud800-\udfff]")


class _RefusedError(ValueError):
    """What the lexer refuses, in its words."""


class _Tokens(Lexer):
    """The lexer of ``grammars/dovecot_variables.lark``."""

    def __init__(self, configuration: object) -> None:
        """Take no configuration: the terminals have no patterns."""

    def lex(self, data: str) -> Iterator[lark.Token]:  # type: ignore[override]  # Lark hands the text to lexers of this interface
        """Yield the tokens of a value."""
        pattern = _TEXT
        at = 0
        while at < len(data):
            match = pattern.match(data, at)
            assert match  # noqa: S101 - both patterns match any character
            kind = match.lastgroup or ""
            at = match.end()
            if kind == "OPEN_QUOTE":
                return
            if kind == "VALUE" and pattern is _EXPRESSION and not _ESCAPES.fullmatch(match[0]):
                raise _RefusedError("Invalid character escape")
            if kind in ("NAME", "VALUE") and pattern is _EXPRESSION and _NO_UTF8.search(match[0]):
                raise _RefusedError("Invalid UTF-8 string")
            if kind == "OCBRACE":
                pattern = _EXPRESSION
            elif kind == "CCBRACE":
                pattern = _TEXT
            if kind not in ("BLANK", "STRAY"):
                yield lark.Token(kind, match[0], match.start())


@cache
def _parser() -> lark.Lark:
    return parser("dovecot_variables", _Tokens)


def variables_error(value: str, *, strict: bool) -> str:
    """Return what 2.4 says about the variables in a value; empty when it takes them.

    Up to 2.4.1 it is not ``strict``: characters that it does not know are passed over.
    """
    if "%{" not in value:
        return ""
    try:
        _parser().parse(value)
    except _RefusedError as error:
        return str(error)
    except lark.UnexpectedToken as error:
        at_end = error.token.type == "$END"
        if strict and _stray_before(value, len(value) if at_end else error.token.start_pos or 0):
            return "Premature program end"
        found = "end of file" if at_end else error.token.type
        return f"syntax error, unexpected {found}, expecting {_expected(error.accepts or set())}"
    return ""


def unknown_variable(value: str) -> str:
    """Return what 2.4 says when it expands a value where it knows no variables; empty when it can, or may.

    ``var_expand_program_execute`` in src/lib-var-expand/expansion-program.c. Functions other than ``default`` and what
    other programs know (``%{env:NAME}``) are not followed.
    """
    try:
        tree = _parser().parse(value)
    except (lark.UnexpectedInput, _RefusedError):
        return ""
    for variable in tree.find_data("variable"):
        filters = [one for one in variable.children if isinstance(one, lark.Tree)]
        functions = [next(one.find_data("function"), None) for one in filters]
        first = functions[0] if functions else None
        if first is None:
            continue
        name = str(first.children[0])
        prefix, colon, _ = name.partition(":")
        if len(first.children) > 1 or name in _FUNCTIONS or any(one is None for one in functions):
            return ""
        if any(str(one.children[0]) not in _FUNCTIONS for one in functions[1:] if one):
            return ""
        followed_by_default = len(functions) > 1 and functions[1] and str(functions[1].children[0]) == "default"
        if followed_by_default or (colon and prefix in _PREFIXES):
            continue
        return f"Unsupported prefix '{prefix}'" if colon else f"Unknown variable '{name}'"
    return ""


_PREFIXES: Final = ("env", "event", "process", "dovecot", "system", "date", "time", "generate")
"""``internal_providers`` in src/lib-var-expand/var-expand.c."""
_FUNCTIONS: Final = frozenset(
    (
        *("lookup", "literal", "calculate", "concat", "upper", "lower", "hash", "md5", "sha1", "sha256", "sha384"),
        *("sha512", "base64", "unbase64", "hex", "unhex", "hexlify", "unhexlify", "default", "reverse", "truncate"),
        *("substr", "ldap_dn", "if", "regexp", "lenumber", "benumber", "index", "username", "domain", "list", "lfill"),
        *("rfill", "text", "encrypt", "decrypt", "switch", "date", "iso8601", "epoch", "from_epoch", "safe", "number"),
    )
)
"""``var_expand_filters`` in src/lib-var-expand/expansion-filter.c."""


def _stray_before(value: str, end: int) -> bool:
    """Whether the lexer met a character that it does not know.

    It goes on, but its complaint is the first, and the one that is told when the parser fails later.
    """
    pattern, at = _TEXT, 0
    while at < end:
        match = pattern.match(value, at)
        assert match  # noqa: S101 - both patterns match any character
        kind, at = match.lastgroup, match.end()
        if kind == "STRAY":
            return True
        if kind in ("OCBRACE", "CCBRACE"):
            pattern = _EXPRESSION if kind == "OCBRACE" else _TEXT
    return False


def _expected(accepted: set[str]) -> str:
    """Name what may follow as bison does, which reduces before it looks."""
    if "CCBRACE" in accepted:
        return "CCBRACE or PIPE or NAME" if "NAME" in accepted else "CCBRACE or PIPE"
    if "VALUE" in accepted:
        return "MINUS or NAME or VALUE or NUMBER"
    if "CBRACE" in accepted:
        return "CBRACE or COMMA"
    return "MINUS or NAME or NUMBER" if "NAME" in accepted else "NUMBER"
