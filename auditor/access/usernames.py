"""From the name that a client gives to the one that a passdb looks up.

Source: ``auth_request_fix_username`` (src/auth/auth-request-fields.c), ``db_passwd_file_lookup``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

Formatting = Callable[[str], str]


def _local_part(name: str) -> str:
    return name.partition("@")[0]


def _domain(name: str) -> str:
    return name.partition("@")[2]


_SHORT: Final[dict[str, Formatting]] = {"u": str, "n": _local_part, "d": _domain}
_FILTERS: Final[dict[str, Formatting]] = {
    "lower": str.lower,
    "upper": str.upper,
    "username": _local_part,
    "domain": _domain,
}
_VARIABLE: Final = re.compile(r"%([LU]?)([und])|%\{\s*user((?:\s*\|\s*(?:lower|upper|username|domain))*)\s*\}|%.?")


def formatting(text: str) -> Formatting | None:
    """Return what ``auth_username_format`` makes of names; None when it holds variables that are not known here."""
    if any(not match[2] and match[3] is None for match in _VARIABLE.finditer(text)):
        return None
    if not text:
        return lambda name: name
    return lambda name: _VARIABLE.sub(lambda match: _expanded(match, name), text)


def _expanded(match: re.Match[str], name: str) -> str:
    if match[2]:
        found = _SHORT[match[2]](name)
        return found.lower() if match[1] == "L" else found.upper() if match[1] == "U" else found
    for word in filter(None, (part.strip() for part in match[3].split("|"))):
        name = _FILTERS[word](name)
    return name
