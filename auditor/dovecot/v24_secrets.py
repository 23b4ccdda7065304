"""What ``doveconf`` of 2.4 hides (``hide_secrets_from_value`` in src/config/doveconf.c)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v24_schema import HEREDOC

if TYPE_CHECKING:
    from auditor.dovecot.v24_schema import Schema

HIDDEN: Final = "# hidden, use -P to show it"
HIDDEN_PART: Final = "#hidden_use-P_to_show#"
_SPACE: Final = " \t\n\v\f\r"
_SECRET: Final = re.compile(r"https?://|ftp://|key|secret|pass")


def without_secrets(key: str, value: str, schema: Schema) -> tuple[str, bool]:
    """Return a value as doveconf shows it, and whether something is hidden; ``key`` is the full key."""
    suffix = (
        "_(?:password|key|nonce|secret)"
        if schema.number < HEREDOC
        else "(?:_password|[_/]key_file|_key|_nonce|_secret)"
    )
    if value and (re.search(f"{suffix}$", key) or key.startswith("ssl_dh")):
        return HIDDEN, True
    if not _SECRET.search(value):
        return value, False
    shown = _without_parts(value)
    return shown, shown != value


def _without_parts(value: str) -> str:
    """Hide what follows ``pass…=`` and the like, and the user part of URLs."""
    parts: list[str] = []
    done = at = 0
    while match := _SECRET.search(value, at):
        at = match.start()
        if match[0].endswith("://"):
            start = match.end()
            user = re.compile(r"[^\s/@]*", re.ASCII).match(value, start)
            at = user.end() if user else start
            parts.append(value[done:start])
            hidden = value[at : at + 1] == "@" and at > start
            parts.append(HIDDEN_PART if hidden else value[start:at])
            done = at
        elif at == 0 or not (value[at - 1].isascii() and value[at - 1].isalnum()):
            word = re.compile(r"[^=\s]*\s*", re.ASCII).match(value, at)
            at = word.end() if word else at
            parts.append(value[done:at])
            if value[at : at + 1] == "=":
                parts.append("=" + HIDDEN_PART)
                end = re.compile(r"[^\s;:]*", re.ASCII).match(value, at)
                at = end.end() if end else at
            done = at
        else:
            at += 1
    return "".join([*parts, value[done:]])
