"""What Dovecot 2.4 says about the format of hashes, such as ``%{sha256:80}`` (src/lib/hash-format.c of 2.4.1)."""

from __future__ import annotations

import re

from auditor.dovecot.hash_methods import HASH_BITS


def hash_format_error(text: str) -> str:
    """Return what is wrong with a format; empty when the daemon takes it."""
    at = text.find("%")
    while at >= 0:
        opening = re.compile(r"%[BX]?\{").match(text, at)
        if not opening:
            return "No '{' after '%'"
        end = text.find("}", opening.end())
        if end < 0:
            return "Missing '}'"
        if error := _method_error(text[opening.end() : end]):
            return error
        at = text.find("%", end)
    return ""


def _method_error(text: str) -> str:
    name, colon, bits = text.partition(":")
    if name not in HASH_BITS:
        return f"Unknown hash method: {name}"
    if not colon:
        return ""
    if not re.fullmatch("0*[1-9][0-9]{0,3}", bits) or int(bits) > HASH_BITS[name]:
        return f"Invalid :bits number: {bits}"
    return f"Currently :bits must be divisible by 8: {bits}" if int(bits) % 8 else ""
