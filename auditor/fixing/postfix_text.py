"""Changes of main.cf and master.cf as edits of their characters."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from auditor.change import AddBlock, AddComment, AddGlobal, AddInside, InsertWord, Remove, Rename, ReplaceWord, SetValue
from auditor.fixing.edit import Edit
from auditor.fixing.layout import (
    assignment,
    commented_default,
    indentation,
    likeness,
    new_line,
    replaced_part,
    replaced_word,
    without_lines,
)
from auditor.syntax.postfix import Assignment, ServiceLine, parameters, parse_main, parse_master, services
from auditor.syntax.postfix_lines import LIST_SEPARATORS, Kind, Stretch, stretches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.change import TextChange
    from auditor.text import SourceFile, Span

_OPTION_LINE = re.compile(r"(?m)^([ \t]+)-o\b")
_BLANKS_BEFORE = re.compile(r"[ \t]*\Z")
_SEPARATORS = re.compile(r"[\s,]+(?=\S)")
_INDENTED_COMMENT = re.compile(r"[ \t]+#")
_COMMENT_INSIDE = re.compile(r"\n[ \t]*#")


class PostfixText:
    """A main.cf or a master.cf: what it assigns, and its services."""

    def __init__(self, file: SourceFile, *, is_master: bool) -> None:
        self.file = file
        self.is_master = is_master
        self.services: list[ServiceLine] = []
        if is_master:
            self.services = [one for one in services(parse_master(file)) if isinstance(one, ServiceLine)]
            self.assignments = [one for service in self.services for one in service.settings]
        else:
            self.assignments = [one for one in parameters(parse_main(file)) if isinstance(one, Assignment)]
        self._at = {one.span.start: one for one in self.assignments}
        self._starts = sorted(self._at)
        self._service_at = {one.span.start: one for one in self.services}
        self._runs = list(stretches(file.text))
        self._run_starts = [run.start for run in self._runs]

    def edit(self, change: TextChange) -> Edit | None:
        """Return the edit of a change; None where it cannot be made."""
        match change:
            case AddGlobal():
                return self.with_parameter(change)
            case AddInside():
                return self._with_option(change)
            case InsertWord():
                return self._with_word(change)
        found = self._at.get(change.at.start)
        if found is None:
            return self._with_other_word(change) if isinstance(change, ReplaceWord) else None
        return self._changed(found, change)

    def _changed(
        self, found: Assignment, change: SetValue | Remove | Rename | AddComment | AddBlock | ReplaceWord
    ) -> Edit | None:
        match change:
            case AddBlock():
                return None
            case SetValue():
                return self._with_value(found, change.value)
            case Remove():
                return self._without_option(found) if self.is_master else self._without_parameter(found)
            case Rename():
                return Edit(found.name.span, change.name)
            case AddComment():
                return new_line(self.file, found.span.line - 1, f"# {change.text}")
            case ReplaceWord():
                return replaced_word(found.value.span, change)

    def _with_other_word(self, change: ReplaceWord) -> Edit | None:
        """Return the edit of an argument of a service, or of a word at its own place."""
        service = self._service_at.get(change.at.start)
        if service:
            return replaced_word(service.span, change)
        found = self._around(change.at)
        if found is None:
            return None
        by = _as_one_word(change.by) if self._is_one_word(found) else change.by
        return replaced_part(found.value.span, change.at, by)

    def _around(self, at: Span) -> Assignment | None:
        last = bisect_right(self._starts, at.start) - 1
        found = self._at[self._starts[last]] if last >= 0 else None
        return found if found and at.end <= found.span.end else None

    def _with_value(self, found: Assignment, value: str) -> Edit | None:
        span = found.value.span
        if self._is_one_word(found):
            value = _as_one_word(value)
        if _COMMENT_INSIDE.search(span.text) or (self._is_one_word(found) and re.search(r"\s", value)):
            return None
        if span.start < span.end or self.is_master:
            return Edit(span, value)
        return Edit(span, value if self.file.text[span.start - 1] in " \t" else f" {value}")

    def _is_one_word(self, found: Assignment) -> bool:
        """Whether it is a ``-o`` without the braces that a blank in its value takes."""
        return self.is_master and "{" not in self.file.text[found.span.start : found.name.span.start]

    def _with_word(self, change: InsertWord) -> Edit | None:
        """Return the edit that puts a word beside another, parted from it as that is from its neighbours."""
        at, text = change.at, self.file.text
        found = self._around(at)
        if found is None:
            return None
        begin = text[found.value.span.start : at.start]
        before = begin[len(begin.rstrip(LIST_SEPARATORS)) :] if begin.strip(LIST_SEPARATORS) else ""
        behind = _SEPARATORS.match(text, at.end, found.value.span.end)
        near = behind[0] if behind else ""
        separator = before or near if change.behind else near or before
        if not separator or (separator.isspace() and "," in found.value.value and "\n" not in separator):
            separator = "," if self._is_one_word(found) else ", "
        if change.behind:
            return Edit(self.file.span(at.end, at.end), separator + change.word)
        return Edit(self.file.span(at.start, at.start), change.word + separator)

    def _run_of(self, found: Assignment) -> Stretch:
        return self._runs[bisect_right(self._run_starts, found.span.start) - 1]

    def _without_parameter(self, found: Assignment) -> Edit:
        run = self._run_of(found)
        # Comments between the lines of the value stay.
        lines = self.file.text[run.start : run.end].splitlines(keepends=True)
        kept = [line for line in lines if line.lstrip().startswith("#")]
        return Edit(self.file.span(run.start, run.end), "".join(kept))

    def _without_option(self, found: Assignment) -> Edit | None:
        span = found.span
        if span.line != span.end_line:
            return None
        line = self.file.line_span(span.line)
        before, behind = self.file.text[line.start : span.start], self.file.text[span.end : line.end]
        if not before.strip() and not behind.strip():
            return without_lines(self.file, span.line, span.line)
        blanks = _BLANKS_BEFORE.search(before)
        return Edit(self.file.span(span.start - (len(blanks[0]) if blanks else 0), span.end), "")

    def _with_option(self, change: AddInside) -> Edit | None:
        service = self._service_at.get(change.block.start)
        if service is None or re.search(r"\s", change.value):
            return None
        text = f"-o {change.name}={change.value}"
        last = service.settings[-1].span if service.settings else service.fields[-1].span
        line = self.file.line_span(last.end_line)
        if self.file.text[last.end : line.end].strip():
            return Edit(self.file.span(last.end, last.end), f" {text}")
        if service.settings and not self.file.text[line.start : last.start].strip():
            return new_line(self.file, last.end_line, indentation(self.file, last.start) + text)
        usual = _OPTION_LINE.search(self.file.text)
        return new_line(self.file, last.end_line, (usual[1] if usual else "  ") + text)

    def _written(self, name: str, value: str, above: Sequence[Assignment]) -> str:
        set_to_something = (one for one in above if one.value.value)
        signs = [(one.name.value, one.name.span.end, one.value.span.start) for one in set_to_something]
        return assignment(name, value, [(known, self.file.text[start:end]) for known, start, end in signs])

    def with_parameter(self, change: AddGlobal) -> Edit | None:
        """Return the edit that sets a parameter: where it is commented out, else below the one most like it."""
        name, value = change.name, change.value
        for run, following in zip(self._runs, [*self._runs[1:], None], strict=True):
            # What follows with blanks before it would continue the new line.
            if run.kind is Kind.COMMENT and not (following and following.kind is Kind.ORPHAN):
                line = commented_default(self.file, name, run.start, run.end)
                if line is not None:
                    return new_line(self.file, line, self._written(name, value, self.assignments))
        if not self.assignments:
            return new_line(self.file, 0, self._written(name, value, []))
        number = max(range(len(self.assignments)), key=lambda at: (likeness(name, self.assignments[at].name.value), at))
        line = self.file.position(self._run_of(self.assignments[number]).texts[-1][1])[0]
        # A comment that is indented as the lines of the value are is about them.
        while line < len(self.file.line_starts) and _INDENTED_COMMENT.match(self.file.line_span(line + 1).text):
            line += 1
        return new_line(self.file, line, self._written(name, value, self.assignments[: number + 1]))


def _as_one_word(value: str) -> str:
    """Return a list as it is written behind a ``-o``, where a blank would end it."""
    return re.sub(r",\s+", ",", value)
