"""What the types of Dovecot 2.2's and 2.3's settings accept, and how doveconf prints them.

Follows ``settings_parse`` in src/lib-settings/settings-parser.c and ``config_export_type`` in
src/config/config-request.c (2.3.19.1); messages are the daemon's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v23_table import Definition, Type

if TYPE_CHECKING:
    from collections.abc import Callable

UINT_MAX: Final = 2**32 - 1
UINTMAX_MAX: Final = 2**64 - 1
_SECONDS: Final = {"S": 1, "M": 60, "H": 3600, "D": 86400, "W": 604800}
_UNITS: Final = {
    "S": ("secs", "seconds"),
    "M": ("mins", "minutes"),
    "H": ("hours",),
    "D": ("days",),
    "W": ("weeks",),
}
_MILLISECONDS: Final = ("msecs", "mseconds", "millisecs", "milliseconds")
_LARGER: Final = ((60, "mins"), (60, "hours"), (24, "days"), (7, "weeks"))
_SIZES: Final = "BKMGT"


class InvalidValueError(ValueError):
    """A value that the daemon refuses; its text has the daemon's words."""


def canonical(definition: Definition, value: str, *, units_needed: bool = True) -> str:
    """Return a value as doveconf prints it.

    ``units_needed`` is false in 2.2, which takes a time without unit as seconds. Raises ``InvalidValueError``.
    """
    if definition.type is Type.ENUM:
        if value not in definition.choices:
            raise InvalidValueError(f"Invalid value: {value}")
        return value
    if definition.type in (Type.TIME, Type.TIME_MSECS):
        return _time(value, milliseconds=definition.type is Type.TIME_MSECS, units_needed=units_needed)
    printed = _PRINTERS.get(definition.type)
    return printed(value) if printed else value


def _bool(value: str) -> str:
    if value.lower() in ("yes", "y") or value == "1":
        return "yes"
    if value.lower() == "no":
        return "no"
    raise InvalidValueError(f"Invalid boolean value: {value} (use yes or no)")


def _is_digits(value: str) -> bool:
    return value.isascii() and value.isdigit()


def _uint(value: str) -> str:
    digits = _small(value)
    if digits is None or digits > UINT_MAX:
        plain = value[1:] if value[:1] == "-" else value
        error = (
            ("Number too small" if value[:1] == "-" else "Number too large")
            if _is_digits(plain)
            else "Not a valid number"
        )
        raise InvalidValueError(f"Invalid number {value}: {error}")
    return str(digits)


def _small(value: str) -> int | None:
    """Return a decimal number, at most one more than the largest that the daemon takes, or None."""
    if not _is_digits(value):
        return None
    plain = value.lstrip("0") or "0"
    return int(plain) if len(plain) <= len(str(UINTMAX_MAX)) else UINTMAX_MAX + 1


def _octal(value: str) -> str:
    if value[:1] != "0":
        return f"0{int(_uint(value)):o}"
    if not re.fullmatch(r"[0-7]{1,22}", value):
        raise InvalidValueError(f"Invalid number: {value}")
    return f"0{int(value, 8) & UINT_MAX:o}"


def _port(value: str) -> str:
    number = _small(value)
    if number is None or number > 65535:
        raise InvalidValueError(f"Invalid port number {value}")
    return str(number)


def _number_and_rest(value: str, error: str) -> tuple[int, str]:
    match = re.match(r"[0-9]+", value)
    number = _small(match[0]) if match else None
    if match is None or number is None or number > UINTMAX_MAX:
        raise InvalidValueError(f"{error}: {value}")
    return number, value[match.end() :].lstrip(" ")


def _time(value: str, *, milliseconds: bool, units_needed: bool) -> str:
    """``settings_get_time_full``: a number and any beginning of a unit's name."""
    number, unit = _number_and_rest(value, "Invalid time interval")
    if not unit and number and units_needed:
        raise InvalidValueError(f"Time interval '{value}' is missing units (add e.g. 's' for seconds)")
    letter = unit[:1].upper()
    multiply = 1000 if milliseconds else 1
    if any(name.startswith(unit.lower()) for name in _UNITS.get(letter, ())):
        multiply *= _SECONDS[letter]
    elif letter == "M" and any(name.startswith(unit.lower()) for name in _MILLISECONDS):
        if not milliseconds and number % 1000:
            raise InvalidValueError(f"Milliseconds not supported for this setting: {value}")
        number = number if milliseconds else number // 1000
        multiply = 1
    elif unit:
        raise InvalidValueError(f"Invalid time interval: {value}")
    if number > UINT_MAX // multiply:
        raise InvalidValueError(f"Time interval is too large: {value}")
    return printed_time(number * multiply, milliseconds=milliseconds)


def printed_time(number: int, *, milliseconds: bool) -> str:
    """``config_export_time`` and ``config_export_time_msecs``."""
    if milliseconds and number % 1000:
        return f"{number} ms"
    number = number // 1000 if milliseconds else number
    if number == 0:
        return "0"
    unit = "secs"
    for factor, larger in _LARGER:
        if number % factor:
            break
        number, unit = number // factor, larger
    return f"{number} {unit}"


def _size(value: str) -> str:
    """``settings_get_size``, then ``config_export_size``."""
    number, unit = _number_and_rest(value, "Invalid size")
    match = re.fullmatch(r"(?i)B?|([KMGT])I?B?", unit)
    if match is None:
        raise InvalidValueError(f"Invalid size: {value}")
    number <<= 10 * (_SIZES.index(match[1].upper()) if match[1] else 0)
    if number > UINTMAX_MAX:
        raise InvalidValueError(f"Size is too large: {value}")
    if number == 0:
        return "0"
    steps = 0
    while number % 1024 == 0 and steps < len(_SIZES) - 1:
        number //= 1024
        steps += 1
    return f"{number} {'BkMGT'[steps]}"


_PRINTERS: Final[dict[Type, Callable[[str], str]]] = {
    Type.BOOL: _bool,
    Type.UINT: _uint,
    Type.UINT_OCT: _octal,
    Type.SIZE: _size,
    Type.IN_PORT: _port,
}
