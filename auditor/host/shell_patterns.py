"""Shell patterns for names of files, as glob(3) reads them with GLOB_BRACE in the C locale."""

from __future__ import annotations

import re
from typing import Final

WILDCARD: Final = re.compile(r"[*?\[\\]")
"""What makes a pattern of a name."""


def braces_expanded(pattern: str, limit: int = 256) -> list[str]:
    """Return the patterns that ``{a,b}`` stands for, at most ``limit``."""
    done: list[str] = []
    pending = [pattern]
    while pending and len(done) + len(pending) <= limit:
        current = pending.pop(0)
        parts = _first_brace(current)
        if parts is None:
            done.append(current)
        else:
            before, choices, after = parts
            pending = [before + choice + after for choice in choices] + pending
    return done


def _first_brace(pattern: str) -> tuple[str, list[str], str] | None:
    start = pattern.find("{")
    while start >= 0:
        depth, choices, last = 0, [], start + 1
        for at in range(start, len(pattern)):
            char = pattern[at]
            if char == "{":
                depth += 1
            elif char == "," and depth == 1:
                choices.append(pattern[last:at])
                last = at + 1
            elif char == "}":
                depth -= 1
                if depth == 0:
                    # glob(3) leaves "{}" as it is.
                    if at == start + 1:
                        break
                    return pattern[:start], [*choices, pattern[last:at]], pattern[at + 1 :]
        start = pattern.find("{", start + 1)
    return None


def component_pattern(part: str) -> re.Pattern[str]:
    """Return the regular expression for one path component of a shell pattern.

    What follows a ``*`` is taken at its first match for good, which is enough and keeps the time linear.
    """
    fixed = [""]
    at = 0
    while at < len(part):
        char = part[at]
        at += 1
        if char == "*":
            if fixed[-1] or len(fixed) == 1:
                fixed.append("")
        elif char == "?":
            fixed[-1] += "."
        elif char == "\\" and at < len(part):
            fixed[-1] += re.escape(part[at])
            at += 1
        elif char == "[" and (end := part.find("]", at + 1 + (part[at : at + 1] in ("!", "^")))) > 0:
            fixed[-1] += _bracket(part[at:end])
            at = end + 1
        else:
            fixed[-1] += re.escape(char)
    first, *rest = fixed
    inner = "".join(f"(?>.*?{one})" for one in rest[:-1])
    try:
        return re.compile(first + inner + (f".*{rest[-1]}" if rest else ""), re.DOTALL)
    except re.error:
        return re.compile(re.escape(part))


def _bracket(body: str) -> str:
    """Return the regular expression for the inside of a ``[…]``."""
    negated = "^" if body[:1] in ("!", "^") else ""
    members = body[1:] if negated else body
    for special in ("\\", "[", "&", "~", "|"):
        members = members.replace(special, "\\" + special)
    return f"[{negated}{members}]"
