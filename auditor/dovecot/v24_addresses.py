"""What Dovecot 2.4 says about mail addresses in settings of Sieve.

Follows ``smtp_address_parse_path`` in src/lib-smtp/smtp-address.c; the words were asked of doveconf 2.4.1.
"""

from __future__ import annotations

import re
from typing import Final

_LOCAL_PART: Final = re.compile(r"""[^\x00-\x20"(),:;<>@\[\\\]\x7f]+|"(?:[^"\\]|\\.)*\"""")
_DOMAIN: Final = re.compile(r"\[[^\]]*\]|[\w\udc80-\udcff-]+(?:\.[\w\udc80-\udcff-]+)*")


def path_error(text: str) -> str:
    """Return what is wrong with ``user@domain``, also in angle brackets; empty when the daemon takes it."""
    inner = text.removeprefix("<")
    closing = ">" if inner != text else ""
    if closing and inner.startswith(">"):
        return "Null path not allowed"
    local = _LOCAL_PART.match(inner)
    rest = inner[local.end() :] if local else ""
    if local and rest in ("", closing):
        return "Missing domain"
    if not rest.startswith("@"):
        return "Invalid character in localpart"
    domain = _DOMAIN.match(rest, 1)
    if domain is None:
        return "Missing domain after '@'"
    end = rest[domain.end() :]
    if end.startswith("."):
        return "Empty sub-domain"
    if closing and not end.startswith(">"):
        return "Missing '>' at end of path"
    return "Invalid character in path" if end != closing else ""


def is_address_source(text: str) -> bool:
    """``sieve_address_source_parse`` in src/lib-sieve/sieve-address-source.c of Pigeonhole."""
    text = text.strip("\t ").lower()
    if text in _SOURCES:
        return True
    return text.startswith("<") and path_error(text) in ("", "Null path not allowed")


_SOURCES: Final = ("", "default", "sender", "recipient", "orig_recipient", "user_email", "postmaster")
