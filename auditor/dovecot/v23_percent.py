"""Variables of 2.2 and 2.3 in 2.4's words: ``%Lu`` is ``%{user | lower}`` there.

Source: the tables of docs/installation/upgrade/include/2.4-var-expand.inc and 2.4-directory-hashing.inc
(dovecot/documentation); the old syntax follows src/lib/var-expand.c of 2.3.21. 2.4 takes one-letter variables for plain
text, without a word (tried on doveconf 2.4.1 and 2.4.5), and fails at run time on names that it does not know.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.dovecot.upgrade_table import upgrade_table

if TYPE_CHECKING:
    from collections.abc import Mapping

_OLD: Final = re.compile(
    r"%(?:(?P<percent>%)|(?P<offset>-?\d+\.)?(?P<width>-?\d+)?(?P<flags>[LUEXRHNMDT]*)"
    r"(?:\{(?P<long>[^{}]*)\}|(?P<short>[a-z$])))"
)
_OWNER: Final = re.compile(r"%%(?P<short>[undh])")
_LOGIN: Final = ("auth_", "login_", "passdb", "userdb")
_FILTERS: Final = {"L": "lower", "U": "upper", "R": "reverse", "D": "ldap_dn", "M": "md5"}


class Converted(NamedTuple):
    """A value in 2.4's words: ``old`` are the variables that changed, ``unknown`` those that nothing is known for."""

    text: str
    old: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def converted(value: str, setting: str = "", *, owner: str = "") -> Converted:
    """Return the value of a setting with its variables in 2.4's words.

    Some settings have letters of their own; ``%s`` is the protocol in settings of auth and login. ``owner`` names the
    table for the owner of a shared namespace, where ``%%u`` stands for one.
    """
    table = upgrade_table()
    service = "protocol" if setting.startswith(_LOGIN) else "service"
    letters = {**table.variables["short"], "s": service, **table.formats.get(setting, {})}
    names = {"service": service, **table.variables["long"]}
    old: list[str] = []
    unknown: list[str] = []

    def new(match: re.Match[str]) -> str:
        if match["percent"]:
            return "%"
        text = _expression(match, letters, names)
        if text is None:
            unknown.append(match[0])
            return match[0]
        if text != match[0]:
            old.append(match[0])
        return text

    if owner:
        words = table.variables[owner]
        parts = _OWNER.split(value)
        # Every second part is a letter.
        for at in range(1, len(parts), 2):
            word = words.get(parts[at], "")
            (old if word else unknown).append(f"%%{parts[at]}")
            parts[at] = (word if word.startswith("$") else f"%{{{word}}}") if word else f"%%{parts[at]}"
        text = "".join(part if at % 2 else _OLD.sub(new, part) for at, part in enumerate(parts))
    else:
        text = _OLD.sub(new, value)
    return Converted(text, tuple(dict.fromkeys(old)), tuple(dict.fromkeys(unknown)))


def _expression(match: re.Match[str], letters: Mapping[str, str], names: Mapping[str, str]) -> str | None:
    """Return one variable in 2.4's words, None where nothing is known to replace it."""
    long = match["long"]
    name = letters.get(match["short"]) if long is None else names.get(long, long)
    filters = _filters((match["offset"] or "").rstrip("."), match["width"] or "", match["flags"])
    if not name:
        # A dollar sign is a variable in two log formats only.
        return match[0] if match["short"] == "$" else None
    return None if filters is None else f"%{{{' | '.join((name, *filters))}}}"


def _filters(offset: str, width: str, flags: str) -> list[str] | None:
    if flags == "N" and width.isdigit():
        return ["md5", f"substr(0, 8) % {width}", f"hex({offset})" if offset else "hex"]
    if flags == "X" and width.isdigit() and not offset:
        return [f"hex({int(width)})"]
    if not set(flags) <= set(_FILTERS):
        return None
    filters = [_FILTERS[flag] for flag in flags]
    if "M" in flags and width.isdigit():
        return [*filters, "hexlify", f"substr({offset}, {width})"] if offset else [*filters, f"hexlify({width})"]
    if width.isdigit() and int(width):
        filters.append(f"substr({offset or 0}, {width})")
    elif width or offset:
        return None
    return filters
