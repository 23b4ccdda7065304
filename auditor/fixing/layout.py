"""How the user's file is laid out: line ends, indentation, and what stands around the ``=``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from auditor.fixing.edit import Edit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.change import ReplaceWord
    from auditor.text import SourceFile, Span

SEPARATORS = " \t,\r\n\\"
"""What stands between the words of a value; with a backslash Dovecot's lines go on."""
_INDENT = re.compile(r"(?m)^[ \t]+(?=[^\s#])")
_COMMENTED = r"(?m)^[ \t]*#[ \t]*{}[ \t]*=.*$"


def line_end(file: SourceFile, number: int) -> str:
    """Return how a line ends."""
    return "\r\n" if file.line_span(number).text.endswith("\r") else "\n"


def indentation(file: SourceFile, at: int) -> str:
    """Return the white space before the first character of the line that an offset is on."""
    start = file.line_span(file.position(at)[0]).start
    line = file.text[start:at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def usual_indentation(file: SourceFile) -> str:
    """Return the indentation of the first line of a file that has one."""
    match = _INDENT.search(file.text)
    return match[0] if match else "  "


def new_line(file: SourceFile, number: int, text: str) -> Edit:
    """Return the edit that puts a line below the line of a number; 0 stands for the top of the file."""
    end = line_end(file, number)
    if number == 0:
        return Edit(file.span(0, 0), text + end)
    if number < len(file.line_starts):
        at = file.line_starts[number]
        return Edit(file.span(at, at), text + end)
    at = len(file.text)
    return Edit(file.span(at, at), end + text)


def first_comment_above(file: SourceFile, number: int) -> int:
    """Return the first line of the run of comments that stands right above a line; the line itself without one."""
    while number > 1 and file.line_span(number - 1).text.lstrip(" \t").startswith("#"):
        number -= 1
    return number


def without_lines(file: SourceFile, first: int, last: int) -> Edit:
    """Return the edit that takes lines out, both numbers included."""
    start = file.line_starts[first - 1]
    end = file.line_starts[last] if last < len(file.line_starts) else len(file.text)
    return Edit(file.span(start, end), "")


def assignment(name: str, value: str, like: Sequence[tuple[str, str]]) -> str:
    """Return ``name = value`` as its neighbours are written.

    ``like`` has names and what stands between each and its value, none of them empty, the nearest neighbour last. Where
    the last two put the ``=`` behind names of different lengths into the same column, this one goes there, too.
    """
    signs = [(known, sign) for known, sign in like if "=" in sign and "\n" not in sign]
    before, _, behind = signs[-1][1].partition("=") if signs else (" ", "=", " ")
    columns = {len(known) + sign.index("=") for known, sign in signs[-2:]}
    lengths = {len(known) for known, _ in signs[-2:]}
    if len(columns) == 1 and len(lengths) == 2 and len(name) < max(columns):
        return f"{name.ljust(max(columns))}={behind}{value}".rstrip()
    return f"{name}{before[:1]}={behind[:1]}{value}".rstrip()


def commented_default(file: SourceFile, name: str, start: int, end: int) -> int | None:
    """Return the line of a run of comments on which a setting is commented out; None where there is none."""
    match = re.compile(_COMMENTED.format(re.escape(name))).search(file.text, start, end)
    return file.position(match.start())[0] if match else None


def likeness(name: str, other: str) -> int:
    """Return how many words two names have in common at their beginning; ``ssl_cert`` and ``ssl_key`` have one."""
    mine, theirs = name.split("_"), other.split("_")
    common = 0
    for one, two in zip(mine, theirs, strict=False):
        if one != two:
            break
        common += 1
    return common


def replaced_word(value: Span, change: ReplaceWord) -> Edit | None:
    """Return the edit of a word in a value; None where it does not stand there just once."""
    word = re.compile(rf"(?i)(?<![^\s,\"']){re.escape(change.word)}(?![^\s,\"'])")
    found = list(word.finditer(value.file.text, value.start, value.end))
    if len(found) != 1 or _comment_before(value, found[0].start()):
        return None
    return replaced_part(value, value.file.span(*found[0].span()), change.by)


def replaced_part(value: Span, part: Span, by: str) -> Edit:
    """Return the edit of a part of a value; where nothing comes into its place, what parts it from the others goes."""
    start, end = part.start, part.end
    if not by:
        text = value.file.text
        start -= (start - value.start) - len(text[value.start : start].rstrip(SEPARATORS))
        if start == value.start or text[start - 1] in "\"'":
            end += (value.end - end) - len(text[end : value.end].lstrip(SEPARATORS))
    return Edit(value.file.span(start, end), by)


def _comment_before(value: Span, at: int) -> bool:
    """Whether a comment between the lines of a value may hold the word."""
    line = value.file.line_span(value.file.position(at)[0])
    return "#" in value.file.text[max(line.start, value.start) : at]
