"""Values that a program refuses when it starts: what its parameter's type does not take."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.postfix.defaults import Kind
from auditor.postfix.expansion import compatibility_level
from auditor.syntax.postfix_expansion import ExpansionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from auditor.postfix.defaults import Known

_INTEGER: Final = re.compile(r"[ \t\n\r\f\v]*[+-]?\d+", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_INT_MAX: Final = 2**31 - 1
_LONG_MAX: Final = 2**63 - 1
_LONGEST_NUMBER: Final = 25
_MESSAGE_WIDTH: Final = 80
"""Characters of a value that a message repeats."""

_CLIENT_LEVELS: Final = frozenset({"none", "may", "encrypt", "fingerprint", "dane", "dane-only", "verify", "secure"})
_SERVER_LEVELS: Final = frozenset({"none", "may", "encrypt", "fingerprint", "verify", "secure"})
TLS_LEVELS: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "smtpd_tls_security_level": ("smtpd", _SERVER_LEVELS),
    "smtp_tls_security_level": ("smtp", _CLIENT_LEVELS),
    "lmtp_tls_security_level": ("lmtp", _CLIENT_LEVELS),
}
"""Parameters that name a TLS level, the program that ends on a word it does not know, and the words.

Source: "Invalid TLS level" in ``src/smtpd/smtpd.c`` and ``src/smtp/smtp.c``; ``src/tls/tls_level.c``.
"""


def shortened(text: str) -> str:
    """Return a text fit for a message."""
    return text if len(text) <= _MESSAGE_WIDTH else f"{text[:_MESSAGE_WIDTH]}..."


def refusal(name: str, value: str, known: Known, default: str) -> str | None:
    """Return what a program says when it ends on a value, or None when it takes it."""
    return _CHECKS[known.kind](name, value, known, default)


def _boolean(name: str, value: str, known: Known, default: str) -> str | None:
    """``convert_mail_conf_bool``, ``src/global/mail_conf_bool.c``."""
    return None if value.lower() in ("yes", "no") else f"bad boolean configuration: {name} = {shortened(value)}"


def _integer(name: str, value: str, known: Known, default: str) -> str | None:
    """``convert_mail_conf_int``, ``src/global/mail_conf_int.c``."""
    match = _INTEGER.fullmatch(value)
    limit = _LONG_MAX if known.kind is Kind.LONG else _INT_MAX
    number = int(value) if match and len(value) < _LONGEST_NUMBER else None
    if number is None or abs(number) > limit:
        return f"bad numerical configuration: {name} = {shortened(value)}"
    return _range(name, number, known)


def _time(name: str, value: str, known: Known, default: str) -> str | None:
    """``conv_time``, ``src/global/conv_time.c``: a number and one of s, m, h, d, w; text behind that is ignored."""
    match = _INTEGER.match(value)
    unit = value[match.end() : match.end() + 1] if match else ""
    unit = unit or next((letter for letter in default if letter.isalpha()), "s")
    number = int(match[0]) if match and len(match[0]) < _LONGEST_NUMBER else -1
    if number < 0 or unit not in _SECONDS or number * _SECONDS[unit] > _INT_MAX:
        return f"parameter {name}: bad time value or unit: {shortened(value)}"
    return _range(name, number * _SECONDS[unit], known)


def _range(name: str, number: int, known: Known) -> str | None:
    if known.minimum and number < known.minimum:
        return f"invalid {name} parameter value {number} < {known.minimum}"
    if known.maximum and number > known.maximum:
        return f"invalid {name} parameter value {number} > {known.maximum}"
    return None


def _text(name: str, value: str, known: Known, default: str) -> str | None:
    """``check_mail_conf_str``, ``src/global/mail_conf_str.c``: the least and the most bytes."""
    length = len(value.encode("utf-8", "surrogateescape"))
    if known.minimum and length < known.minimum:
        return f"bad string length {length} < {known.minimum}: {name} = {shortened(value)}"
    if known.maximum and length > known.maximum:
        return f"bad string length {length} > {known.maximum}: {name} = {shortened(value)}"
    return None


_CHECKS: Final[Mapping[Kind, Callable[[str, str, Known, str], str | None]]] = {
    Kind.BOOLEAN: _boolean,
    Kind.BOOLEAN_EXPRESSION: _boolean,
    Kind.INTEGER: _integer,
    Kind.INTEGER_EXPRESSION: _integer,
    Kind.LONG: _integer,
    Kind.TIME: _time,
    Kind.TEXT: _text,
    Kind.RAW: _text,
    Kind.COMPUTED: _text,
}


def tls_level_refusal(name: str, value: str) -> str | None:
    """Return what a program says when it ends on a TLS level, or None when it takes it."""
    levels = TLS_LEVELS[name][1]
    return None if not value or value.lower() in levels else f'Invalid TLS level "{shortened(value)}"'


def compatibility_level_refusal(value: str, version: tuple[int, ...]) -> str | None:
    """Return what every program says when it ends on ``compatibility_level``, or None when it takes it.

    Before Postfix 3.6 the level is a number (tried on 3.5.25).
    """
    if version < (3, 6):
        cut = any(version[:2] == first[:2] and version >= first for first in _LEVELS_CUT)
        if cut and _DOTTED_LEVEL.match(value):
            return None
        ok = _INTEGER.fullmatch(value) and len(value) < _LONGEST_NUMBER and -_INT_MAX - 1 <= int(value) <= _INT_MAX
        return None if ok else f"bad numerical configuration: compatibility_level = {shortened(value)}"
    try:
        compatibility_level(value)
    except ExpansionError as error:
        return shortened(str(error))
    return None


_LEVELS_CUT: Final = ((3, 3, 18), (3, 4, 21), (3, 5, 11))
"""The releases of their branches from which on a level of 3.6 counts up to its dot (``mail_params_init``)."""
_DOTTED_LEVEL: Final = re.compile(r"\d[^.]*[.]", re.ASCII)
