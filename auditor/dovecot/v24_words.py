"""How advice about Dovecot's settings repeats values and lines."""

from __future__ import annotations

from typing import Final

from auditor.dovecot.v23_secrets import secret_parts
from auditor.text import enumerated, escaped, shortened

MAX_VALUE: Final = 200
"""Characters of a value that advice repeats."""
HIDDEN: Final = "…"
"""What stands for a secret."""


def shown(text: str) -> str:
    """Return a value for advice: its secrets hidden, cut where it is long, quoted where its blanks or # need it."""
    parts: list[str] = []
    at = 0
    for start, end in secret_parts(text):
        parts += [text[at:start], HIDDEN]
        at = end
    text = shortened(escaped("".join([*parts, text[at:]])), MAX_VALUE)
    return f'"{text}"' if text != text.strip() or "#" in text else text


def ticked(lines: list[str]) -> str:
    """Return lines to write as a list in a sentence."""
    return enumerated([f"`{line.strip()}`" for line in lines])
