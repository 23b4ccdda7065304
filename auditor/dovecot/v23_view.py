"""The settings of one filter as the checks look at them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from auditor.finding import Problem, ProblemKind
from auditor.text import escaped

if TYPE_CHECKING:
    from auditor.dovecot.v23_blocks import Block
    from auditor.dovecot.v23_table import Table
    from auditor.text import SourceFile, Span


class View(NamedTuple):
    """The settings of one filter, for checking."""

    table: Table
    root: Block
    main: SourceFile

    def text(self, key: str, block: Block | None = None) -> str:
        """Return what a key is; empty when the version does not know it.

        For a file it is its name as it stands there, which is what doveconf checks.
        """
        block = block or self.root
        definition = self.table.sections[block.section].get(key)
        if definition is None:
            return ""
        value = block.values.get(key)
        if value is None:
            return block.default(definition) or ""
        return value.effective if value.file is None else value.shown

    def number(self, key: str, block: Block | None = None) -> int:
        """Return what a key of type UINT is."""
        text = self.text(key, block)
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 30 else 0

    def bytes(self, key: str, block: Block | None = None) -> int:
        """Return what a key of type SIZE is."""
        match = re.fullmatch(r"([0-9]{1,30}) ([BkMGT])", self.text(key, block))
        return int(match[1]) << (10 * "BkMGT".index(match[2])) if match else 0

    def problem(self, message: str, block: Block | None = None, *keys: str) -> Problem:
        """Return the problem at the first of some keys that is set, else at the block."""
        block = block or self.root
        value = next((block.values[key] for key in keys if key in block.values), None)
        span: Span | None = value.origin.span if value else block.span
        return Problem(ProblemKind.INVALID_VALUE, escaped(message), span or self.main.line_span(1))


def words_of(text: str, separators: str = ", ") -> list[str]:
    """Return the words of a list (``t_strsplit_spaces``)."""
    return [word for word in re.split(f"[{separators}]+", text) if word]


def is_uint(text: str, least: int = 0) -> bool:
    """Whether a text is a number that fits into 32 bits (``str_to_uint``)."""
    return bool(re.fullmatch(r"[0-9]{1,30}", text)) and least <= int(text) < 1 << 32
