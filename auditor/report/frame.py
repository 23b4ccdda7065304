"""Code frames: the user's own lines with the places of a finding marked and labelled."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.report.lines import MAX_TEXT, Line, line, paragraph
from auditor.text import escaped, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.finding import Location
    from auditor.text import SourceFile, Span

MAX_BLOCK: Final = 9
"""Lines of one span that are shown whole; of a longer one, the first lines and the last."""
MAX_LABEL: Final = 300


class _Mark(NamedTuple):
    """A place on one line of a file, or a bar along the lines of a longer place."""

    span: Span
    label: str
    primary: bool

    @property
    def style(self) -> str:
        return "mark" if self.primary else "other mark"


def frames(locations: Sequence[Location], width: int) -> Iterator[Line]:
    """Yield the frames of a finding's locations, file by file, and a line for each place that has no text."""
    spans = [location for location in locations if location.span]
    numbers = [location.span.end_line for location in spans if location.span]
    gutter = len(str(max(numbers, default=1)))
    files: dict[str, list[Location]] = {}
    for location in spans:
        files.setdefault(location.path, []).append(location)
    for number, group in enumerate(files.values()):
        yield from _file_frame(group, gutter, width, first=number == 0)
    for location in locations:
        if location.span is None:
            yield from _place_without_text(location, gutter, width)


def note(label: str, text: str, gutter: int, width: int) -> Iterator[Line]:
    """Yield a paragraph that belongs to a finding and stands below its frames."""
    lead = line(" " * gutter + " ", ("= ", "frame"), (f"{label}: ", "strong"))
    yield from paragraph(text, width, lead, " " * (gutter + 3))


def _place_without_text(location: Location, gutter: int, width: int) -> Iterator[Line]:
    place = f"built-in default of {location.default_of}" if location.default_of is not None else location.path
    if not location.label:
        yield line(" " * gutter, ("--> ", "frame"), shortened(place, MAX_TEXT))
        return
    yield from note(shortened(place, MAX_TEXT), location.label, gutter, width)


def _file_frame(group: Sequence[Location], gutter: int, width: int, *, first: bool) -> Iterator[Line]:
    shown = next((location for location in group if location.primary), group[0])
    span = shown.span
    if span is None:
        return
    arrow = "--> " if first else "::: "
    yield line(" " * gutter, (arrow, "frame"), f"{shown.path}:{span.line}:{span.column}")
    for included in shown.via:
        yield line(" " * gutter + "    ", ("included at ", "faint"), f"{included.file.path}:{included.line}")
    yield _margin(gutter)
    marks = _marks_by_line(group)
    previous = 0
    for number in sorted(marks):
        if previous and number > previous + 1:
            yield line(("." * 3, "frame"))
        previous = number
        yield from _marked_line(span.file, number, marks[number], gutter, width)
    yield _margin(gutter)


def _margin(gutter: int) -> Line:
    return line((" " * gutter + " |", "frame"))


def _marks_by_line(group: Sequence[Location]) -> dict[int, list[_Mark]]:
    marks: dict[int, list[_Mark]] = {}
    for location in sorted(group, key=lambda location: (not location.primary, location.sort_key)):
        span = location.span
        if span is None:
            continue
        mark = _Mark(span, location.label, location.primary)
        numbers = list(range(span.line, _last_line(span) + 1))
        if len(numbers) > MAX_BLOCK:
            numbers[MAX_BLOCK - 2 : -1] = []
        for number in numbers:
            marks.setdefault(number, []).append(mark)
    return marks


def _last_line(span: Span) -> int:
    """Return the line of the last character; a span that ends with its line end does not reach into the next line."""
    return span.file.position(max(span.start, span.end - 1))[0]


def _marked_line(file: SourceFile, number: int, marks: Sequence[_Mark], gutter: int, width: int) -> Iterator[Line]:
    bars = [mark for mark in marks if _last_line(mark.span) > mark.span.line]
    carets = [mark for mark in marks if mark not in bars]
    shown = file.shown_line(number)
    room = width - gutter - 5
    columns = [_columns(mark.span, shown) for mark in carets]
    cut = _window(shown, columns[0][0] if columns else 0, room)
    bar = (">", bars[0].style) if bars else " "
    yield line(
        (f"{number:>{gutter}} |", "frame"),
        bar,
        " ",
        _part(shown, cut, cut + room),
    )
    for mark, (start, end) in zip(carets, columns, strict=True):
        before, marked = shown[cut:start], shown[start : min(end, cut + room)]
        sign = "^" if mark.primary else "-"
        lead = line(
            (" " * gutter + " |", "frame"),
            "  " + " " * _cells(before),
            (sign * max(1, _cells(marked)) + " ", mark.style),
        )
        yield from _labelled(lead, mark, gutter, width)
    for mark in bars:
        if number == _last_line(mark.span) and mark.label:
            lead = line((" " * gutter + " |", "frame"), (("^" if mark.primary else "-") + " ", mark.style))
            yield from _labelled(lead, mark, gutter, width)


def _part(shown: str, start: int, end: int) -> str:
    """Return a part of a line, with dots where there is more of it."""
    before, after = "..." if start else "", "..." if len(shown) > end else ""
    return before + shown[start + len(before) : end - len(after)] + after


def _labelled(lead: Line, mark: _Mark, gutter: int, width: int) -> Iterator[Line]:
    """Put the label behind the marks, or below them where it does not fit."""
    label = shortened(" ".join(mark.label.split()), MAX_LABEL)
    used = sum(len(text) for text, _ in lead)
    if used + len(label) <= width or not label:
        yield (*lead, (escaped(label), mark.style))
        return
    yield lead
    margin = line((" " * gutter + " |", "frame"), "  ")
    for pieces in paragraph(label, width - gutter - 5, style=mark.style):
        yield (*margin, *pieces)


def _columns(span: Span, shown: str) -> tuple[int, int]:
    """Return where a span begins and ends in its line as it is shown, which may hide or escape parts."""
    whole = span.file.line_span(span.line)
    before = escaped(span.file.text[whole.start : span.start])
    marked = escaped(span.file.text[span.start : min(span.end, whole.end)])
    if shown.startswith(before):
        start = len(before)
        end = start + len(marked) if shown.startswith(marked, start) else len(shown)
        return start, max(start + 1, end)
    start = len(shown) - len(shown.lstrip())
    return start, len(shown)


def _window(shown: str, start: int, room: int) -> int:
    """Return the first character to show so that the marked part of a long line is seen."""
    if len(shown) <= room or start < room - 20:
        return 0
    return max(0, start - room // 3)


def _cells(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)
