"""Changes of Dovecot's files as edits of their characters."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.change import (
    AddBlock,
    AddComment,
    AddGlobal,
    AddInside,
    InsertWord,
    Remove,
    Rename,
    ReplaceWord,
    SetValue,
)
from auditor.fixing.edit import Edit
from auditor.fixing.layout import (
    assignment,
    commented_default,
    first_comment_above,
    indentation,
    likeness,
    line_end,
    new_line,
    replaced_word,
    usual_indentation,
    without_lines,
)
from auditor.syntax.dovecot import Kind, Statement, Tree, statements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.change import MoveAbove, TextChange
    from auditor.text import SourceFile, Span

SETTING = (Kind.SETTING, Kind.FILE, Kind.VARIABLE, Kind.HEREDOC)
OPENING = (Kind.OPEN, Kind.GROUP)


class DovecotText:
    """One of Dovecot's files, by its tree."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.file: SourceFile = tree.file
        self.statements = list(statements(tree))
        self._at = {one.span.start: number for number, one in enumerate(self.statements)}

    def edit(self, change: TextChange) -> Edit | None:
        """Return the edit of a change; None where it cannot be made."""
        if isinstance(change, AddInside):
            return self._added_inside(change)
        if isinstance(change, AddGlobal | InsertWord | AddComment):
            return None
        if isinstance(change, AddBlock):
            return self._with_block(change)
        statement = self._starting_at(change.at)
        return self._changed(statement, change) if statement and statement.kind in SETTING else None

    def _starting_at(self, span: Span) -> Statement | None:
        number = self._at.get(span.start)
        return None if number is None else self.statements[number]

    def _changed(self, statement: Statement, change: SetValue | Remove | Rename | ReplaceWord) -> Edit | None:
        match change:
            case SetValue():
                return _with_value(statement, change.value)
            case Remove():
                return self._without(statement)
            case Rename():
                return Edit(statement.key_span, change.name)
            case ReplaceWord():
                # An element of a list in a block of its own: `plain = yes`.
                if statement.key == change.word and not change.by:
                    return self._without(statement)
                return replaced_word(statement.value_span, change)

    def _without(self, statement: Statement) -> Edit:
        return without_lines(self.file, statement.span.line, statement.span.end_line)

    def _with_block(self, change: AddBlock) -> Edit | None:
        number = self._at.get(change.at.start)
        if number is None:
            return None
        depth, last = 0, 0
        for at, one in enumerate(self.statements):
            depth += (one.kind in OPENING) - (one.kind is Kind.CLOSE)
            if at >= number and depth <= 0:
                last = one.span.end_line
                break
        end = line_end(self.file, last)
        inside = f"{usual_indentation(self.file)}{change.name} = {change.value}"
        return new_line(self.file, last, end.join((f"{change.header} {{", inside, "}"))) if last else None

    def _added_inside(self, change: AddInside) -> Edit | None:
        opening = self._starting_at(change.block)
        if opening is None or opening.kind not in OPENING:
            return None
        inside = self._settings_inside(self._at[change.block.start])
        name = change.name
        for statement in reversed(inside):
            # Set to nothing, or to what the daemon disregards.
            if statement.key in (name, f"{opening.key}_{name}"):
                return _with_value(statement, change.value)
        if inside and all(one.key.startswith(f"{opening.key}_") for one in inside):
            name = f"{opening.key}_{name}"
        if not inside:
            indent = indentation(self.file, opening.span.start) + usual_indentation(self.file)
            return new_line(self.file, opening.span.end_line, f"{indent}{name} = {change.value}")
        text = indentation(self.file, inside[-1].span.start) + assignment(name, change.value, _neighbours(inside))
        return new_line(self.file, inside[-1].span.end_line, text)

    def moved(self, change: MoveAbove) -> tuple[Edit | None, Edit | None]:
        """Return the edits that move a block, each None where that cannot be done."""
        block, other = self._lines_of(change.block), self._lines_of(change.other)
        if block is None or other is None:
            return None, None
        first, above = first_comment_above(self.file, block[0]), first_comment_above(self.file, other[0]) - 1
        if first <= other[1]:
            return None, None
        text = "\n".join(self.file.line_span(number).text for number in range(first, block[1] + 1))
        return new_line(self.file, above, text.removesuffix("\r")), without_lines(self.file, first, block[1])

    def _lines_of(self, place: Span) -> tuple[int, int] | None:
        """Return the first and last line of the block that begins at a place, or of the outermost one around it."""
        openings: list[Statement] = []
        for one in self.statements:
            if one.kind in OPENING:
                openings.append(one)
            elif one.kind is Kind.CLOSE and openings:
                start = openings.pop().span
                is_around = not openings and start.start < place.start < one.span.end
                if start.start == place.start or is_around:
                    return start.line, one.span.end_line
        return None

    def _settings_inside(self, number: int) -> list[Statement]:
        """Return the settings of a block that stand in none of the blocks inside it."""
        found: list[Statement] = []
        depth = 0
        for one in self.statements[number + 1 :]:
            if one.kind in OPENING:
                depth += 1
            elif one.kind is Kind.CLOSE:
                depth -= 1
                if depth < 0:
                    break
            elif depth == 0 and one.kind in SETTING:
                found.append(one)
        return found

    def global_settings(self) -> list[Statement]:
        """Return the settings that stand in no block."""
        found: list[Statement] = []
        depth = 0
        for one in self.statements:
            if one.kind in OPENING:
                depth += 1
            elif one.kind is Kind.CLOSE:
                depth = max(depth - 1, 0)
            elif depth == 0 and one.kind in SETTING:
                found.append(one)
        return found

    def commented_out(self, name: str) -> int | None:
        """Return the line outside of all blocks on which a setting is commented out."""
        for child in self.tree.root.children:
            kind = getattr(child, "type", "")
            if kind == "COMMENT":
                start = getattr(child, "start_pos", 0)
                line = commented_default(self.file, name, start, start + len(str(child)))
                if line is not None:
                    return line
        return None


class _Place(NamedTuple):
    """Where a global setting may go: how well it fits, the file, the line above it, and the settings before it."""

    fits: int
    text: DovecotText
    line: int
    before: list[Statement]


COMMENTED_OUT = 1000
"""How well a setting fits below a comment that holds it; no two names have so many words in common."""


def added_for_all(texts: list[DovecotText], change: AddGlobal) -> Edit | None:
    """Return the edit that sets something for all: where it is commented out, else below the setting most like it."""
    places = [place for text in texts if (place := _best_place(text, change.name))]
    if not places:
        return None
    best = max(places, key=lambda place: place.fits)
    return new_line(best.text.file, best.line, assignment(change.name, change.value, _neighbours(best.before)))


def _best_place(text: DovecotText, name: str) -> _Place | None:
    settings = text.global_settings()
    line = text.commented_out(name)
    if line is not None:
        return _Place(COMMENTED_OUT, text, line, settings)
    if not settings:
        return None
    like = max(reversed(settings), key=lambda one: likeness(name, one.key))
    before = settings[: settings.index(like) + 1]
    return _Place(likeness(name, like.key), text, like.span.end_line, before)


def _neighbours(settings: Sequence[Statement]) -> list[tuple[str, str]]:
    """Return the names of settings that are set to something, and what stands between each and its value."""
    set_to_something = (one for one in settings if one.value_span.text)
    return [(one.key, one.file.text[one.key_span.end : one.value_span.start]) for one in set_to_something]


def _with_value(statement: Statement, value: str) -> Edit:
    span = statement.value_span
    # Within quotes 2.3 takes `<` for a character of the value.
    if statement.quoted and '"' not in value and "\\" not in value and not value.startswith("<"):
        quote = statement.file.text[span.start]
        return Edit(span, f"{quote}{value}{quote}")
    if span.start == span.end:
        before = statement.file.text[span.start - 1]
        return Edit(span, value if before in " \t" else f" {value}")
    return Edit(span, value)
