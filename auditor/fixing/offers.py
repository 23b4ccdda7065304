"""What rules propose, as edits of the texts of one host."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from auditor.change import AddGlobal, AddInside, ChangeMode, MoveAbove, OrderBlocks
from auditor.fixing.dovecot_text import DovecotText, added_for_all
from auditor.fixing.edit import Edit
from auditor.fixing.postfix_text import PostfixText
from auditor.syntax.dovecot import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.change import Fix, TextChange
    from auditor.finding import Finding
    from auditor.model import AuditedHost
    from auditor.text import SourceFile


class Offer(NamedTuple):
    """A finding, the fix that its rule proposes, and what that comes to."""

    finding: Finding
    fix: Fix
    edits: tuple[Edit, ...]
    modes: tuple[ChangeMode, ...]


class Texts:
    """The configuration files of a host, each parsed when an edit is looked for in it."""

    def __init__(self, model: AuditedHost) -> None:
        self._model = model
        self._known: dict[SourceFile, DovecotText | PostfixText | None] = {}

    def offer(self, finding: Finding, fix: Fix) -> Offer | None:
        """Return a fix as edits; None where one of its changes cannot be made at its place."""
        modes = tuple(change for change in fix.changes if isinstance(change, ChangeMode))
        edits = [edit for change in fix.changes if not isinstance(change, ChangeMode) for edit in self._edits(change)]
        possible = tuple(edit for edit in edits if edit)
        if len(possible) < len(edits) or any(one.collides(other) for one, other in combinations(possible, 2)):
            return None
        return Offer(finding, fix, possible, modes)

    def _edits(self, change: TextChange | MoveAbove | OrderBlocks) -> tuple[Edit | None, ...]:
        if isinstance(change, OrderBlocks):
            return (_in_order(change),)
        if isinstance(change, MoveAbove):
            text = self._text(change.block.file)
            return text.moved(change) if isinstance(text, DovecotText) else (None,)
        return (self._edit(change),)

    def _edit(self, change: TextChange) -> Edit | None:
        if isinstance(change, AddGlobal):
            return self._added_for_all(change, change.files)
        text = self._text((change.block if isinstance(change, AddInside) else change.at).file)
        return text.edit(change) if text else None

    def _added_for_all(self, change: AddGlobal, files: Iterable[SourceFile]) -> Edit | None:
        texts = [text for file in files if (text := self._text(file))]
        if texts and isinstance(texts[0], PostfixText):
            return texts[0].with_parameter(change)
        return added_for_all([text for text in texts if isinstance(text, DovecotText)], change)

    def _text(self, file: SourceFile) -> DovecotText | PostfixText | None:
        if file not in self._known:
            self._known[file] = self._parsed(file)
        return self._known[file]

    def _parsed(self, file: SourceFile) -> DovecotText | PostfixText | None:
        for dovecot in self._model.dovecot:
            if file in dovecot.configuration.files:
                return DovecotText(parse(file, dovecot.dialect, dovecot.version))
        for postfix in self._model.postfix:
            if file in (postfix.configuration.main_file, postfix.configuration.master_file):
                return PostfixText(file, is_master=file is postfix.configuration.master_file)
        return None


def _in_order(change: OrderBlocks) -> Edit:
    """Return the edit of a PEM file: its blocks in their new order, each with what stands above it."""
    text = change.old[0].file.text
    starts = [0, *(block.end for block in change.old)]
    parts = {block: text[start : block.end].lstrip("\r\n") for start, block in zip(starts, change.old, strict=False)}
    return Edit(change.old[0].file.span(0, change.old[-1].end), "\n".join(parts[block] for block in change.new))
