"""Which values doveconf hides, and how (``hide_secrets_from_value``, src/config/doveconf.c of 2.3.19.1)."""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "# hidden, use -P to show it"
PART: Final = "#hidden_use-P_to_show#"
_SUFFIXES: Final = ("_password", "_key", "_nonce")
_SECRET: Final = re.compile(r"key|secret|pass|(?:http|https|ftp)://")
_WHITE: Final = " \t\n\v\f\r"


def is_secret(key: str) -> bool:
    """Whether the whole value of a key is hidden; ``key`` is the last part of a path."""
    return key.startswith("ssl_dh") or any(key.endswith(suffix) and len(key) > len(suffix) for suffix in _SUFFIXES)


def hidden(key: str, value: str) -> str:
    """Return what doveconf prints for a value, its secrets hidden."""
    if value and is_secret(key):
        return HIDDEN
    parts = secret_parts(value)
    if not parts:
        return value
    out: list[str] = []
    at = 0
    for start, end in parts:
        out += [value[at:start], PART]
        at = end
    return "".join([*out, value[at:]])


def secret_parts(value: str) -> list[tuple[int, int]]:
    """Return where a value says ``pass…=secret``, ``…key=secret`` and the like, or a user in an URL.

    A secret of ``password=secret`` begins with its ``=`` in the daemon, which puts another one before what it prints
    instead; here the ``=`` stays outside.
    """
    found: list[tuple[int, int]] = []
    at = 0
    while match := _SECRET.search(value, at):
        if match[0].endswith("://"):
            at, user = _user_of_url(value, match.end())
            if user:
                found.append((match.end(), at))
            continue
        start = match.start()
        if start > 0 and value[start - 1].isascii() and value[start - 1].isalnum():
            at = start + 1
            continue
        at = _skip(value, start, stop="=" + _WHITE)
        while value[at : at + 1] and value[at] in _WHITE:
            at += 1
        if value[at : at + 1] == "=":
            begin = at + 1
            # Blanks after the = make doveconf print the secret; not here.
            while value[begin : begin + 1] and value[begin] in _WHITE:
                begin += 1
            at = _skip(value, begin, stop=";:" + _WHITE)
            found.append((begin, at))
    return found


def _skip(value: str, at: int, stop: str) -> int:
    while at < len(value) and value[at] not in stop:
        at += 1
    return at


def _user_of_url(value: str, start: int) -> tuple[int, bool]:
    """Return where the user and password of an URL end, and whether there are any."""
    end = _skip(value, start, stop="/@" + _WHITE)
    return end, end > start and value[end : end + 1] == "@"
