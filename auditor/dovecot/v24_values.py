"""What the types of Dovecot 2.4's settings accept, in the daemon's words.

Follows ``settings_value_check`` in src/config/config-parser.c.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v24_schema import LATE_VARIABLES, Definition, Schema, Type, unescaped

if TYPE_CHECKING:
    from collections.abc import Callable

UINT_MAX: Final = 2**32 - 1
UINTMAX_MAX: Final = 2**64 - 1
_UNITS: Final = {
    "secs": 1,
    "seconds": 1,
    "mins": 60,
    "minutes": 60,
    "hours": 3600,
    "days": 86400,
    "weeks": 604800,
}
"""Any prefix of these stands for them; the first that fits counts, so that ``m`` is minutes."""
_MILLISECONDS: Final = ("msecs", "mseconds", "millisecs", "milliseconds")
_SIZES: Final = {"B": 0, "K": 10, "M": 20, "G": 30, "T": 40}


class ValueRefusedError(ValueError):
    """A value that the daemon refuses; its text has the daemon's words."""


def check(definition: Definition, value: str, schema: Schema, variables: Callable[[str], str], *, shown: str) -> None:
    """Raise ``ValueRefusedError`` when the daemon would not take a value where it stands.

    ``variables`` returns what is wrong with the ``%{...}`` in a value, or nothing; up to 2.4.1, and in strings without
    variables, the daemon sees that only when all is read. ``shown`` is the value without its secrets.
    """
    if definition.type is Type.FILTER_NAME:
        raise ValueRefusedError(f"Setting is a named filter, use '{definition.name} {{'")
    has_variables = "%{" in value
    if has_variables and schema.number >= LATE_VARIABLES and definition.type is not Type.STR_NOVARS:
        error = variables(value)
        if error:
            raise ValueRefusedError(f"{shown}: {error}")
    if has_variables or "$ENV:" in value or "$SET:" in value:
        return
    checker = _CHECKS.get(definition.type)
    if checker:
        checker(value)
    elif definition.type is Type.ENUM and value not in definition.choices:
        raise ValueRefusedError(f"Invalid value: {value}")


def boolean(value: str) -> bool:
    """``str_parse_get_bool`` in src/lib/str-parse.c."""
    if value.lower() in ("yes", "y") or value == "1":
        return True
    if value.lower() == "no":
        return False
    raise ValueRefusedError(f"Invalid boolean value: {value} (use yes or no)")


def _number(value: str, limit: int = UINT_MAX) -> None:
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()):
        raise ValueRefusedError(f"Invalid number {value}: Not a valid number")
    if digits != value:
        raise ValueRefusedError(f"Invalid number {value}: Number too small")
    if len(value) > 30 or int(value) > limit:
        raise ValueRefusedError(f"Invalid number {value}: Number too large")


def is_unlimited(value: str) -> bool:
    """Whether a number, size or time has no limit."""
    return value in ("unlimited", "infinite")


def _uint(value: str) -> None:
    if not is_unlimited(value):
        _number(value)


def _octal(value: str) -> None:
    if not value.startswith("0"):
        _uint(value)
    elif not re.fullmatch(r"[0-7]{1,22}", value):
        raise ValueRefusedError(f"Invalid number: {value}")


def seconds(value: str, *, milliseconds: bool = False) -> int:
    """``str_parse_get_interval_full`` in src/lib/str-parse.c; the result is in the unit asked for."""
    match = re.match(r"([0-9]{1,20})(?![0-9]) *(.*)", value, re.DOTALL)
    if not match or int(match[1]) > UINTMAX_MAX:
        raise ValueRefusedError(f"Invalid time interval: {value}")
    count, unit = int(match[1]), match[2].lower()
    if not unit:
        if count:
            raise ValueRefusedError(f"Time interval '{value}' is missing units (add e.g. 's' for seconds)")
        return 0
    factor = next((size for name, size in _UNITS.items() if name.startswith(unit)), 0) * (1000 if milliseconds else 1)
    if not factor and any(name.startswith(unit) for name in _MILLISECONDS):
        if not milliseconds and count % 1000:
            raise ValueRefusedError(f"Milliseconds not supported for this setting: {value}")
        count, factor = (count, 1) if milliseconds else (count // 1000, 1)
    if not factor:
        raise ValueRefusedError(f"Invalid time interval: {value}")
    if count > UINT_MAX // factor:
        raise ValueRefusedError(f"Time interval is too large: {value}")
    return count * factor


def _time(value: str) -> None:
    if not is_unlimited(value):
        seconds(value)


def _time_msecs(value: str) -> None:
    if not is_unlimited(value):
        seconds(value, milliseconds=True)


def size(value: str) -> int:
    """``str_parse_get_size`` in src/lib/str-parse.c, in bytes."""
    match = re.fullmatch(r"([0-9]{1,20}) *(?:([Bb])|([KkMmGgTt])[Ii]?[Bb]?)?", value)
    if not match or int(match[1]) > UINTMAX_MAX:
        raise ValueRefusedError(f"Invalid size: {value}")
    count = int(match[1]) << _SIZES[(match[2] or match[3] or "B").upper()]
    if count > UINTMAX_MAX:
        raise ValueRefusedError(f"Size is too large: {value}")
    return count


def _size(value: str) -> None:
    if not is_unlimited(value):
        size(value)


def _port(value: str) -> None:
    if not re.fullmatch(r"[0-9]{1,9}", value, re.ASCII) or int(value) > 65535:
        raise ValueRefusedError(f"Invalid port number {value}")


_CHECKS: Final[dict[Type, Callable[[str], object]]] = {
    Type.BOOL: boolean,
    Type.UINT: _uint,
    Type.UINT_OCT: _octal,
    Type.UINTMAX: lambda value: _number(value, UINTMAX_MAX),
    Type.TIME: _time,
    Type.TIME_MSECS: _time_msecs,
    Type.SIZE: _size,
    Type.IN_PORT: _port,
}


_ELEMENT: Final = re.compile(
    r"""[ ,]+ | "(?P<quoted>(?:[^"\\]|\\.)*+)"(?=[ ,]|\Z) | (?P<word>[^ ,"]++)(?!") | (?P<wrong>.)""",
    re.DOTALL | re.VERBOSE,
)


def elements(value: str) -> list[str]:
    r"""Return the elements of ``list = a b, "c d"`` (``settings_parse_boollist_string``, settings-parser.c)."""
    found: list[str] = []
    for match in _ELEMENT.finditer(value):
        if match["wrong"] is not None:
            raise ValueRefusedError(_wrong_element(value[match.start() :]))
        if match["quoted"] is not None:
            found.append(unescaped(re.sub(r"\\(.)", r"\1", match["quoted"], flags=re.DOTALL)))
        elif match["word"]:
            found.append(unescaped(match["word"]))
    return found


def _wrong_element(rest: str) -> str:
    """Say what is wrong where no element of a boolean list begins."""
    if rest[0] != '"':
        return "'\"' in the middle of a string"
    inner = re.sub(r"\\.", "", rest[1:], flags=re.DOTALL)
    if '"' in inner:
        return "Expected ',' or ' ' after '\"'"
    return "Value ends with '\\'" if inner.endswith("\\") else "Missing ending '\"'"
