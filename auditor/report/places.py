"""Places as programs want them: one for each finding, with a path that they can resolve."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from auditor.discover import git_root
from auditor.text import escaped

if TYPE_CHECKING:
    from auditor.audit import Audit
    from auditor.finding import Finding, Location


class Place(NamedTuple):
    """A path that the user can open, and lines and columns from 1, the end column exclusive."""

    path: str
    line: int = 1
    column: int = 1
    end_line: int = 1
    end_column: int = 1


def with_advice(finding: Finding) -> str:
    """Return a finding's message and, where it has one, its own advice, as one text."""
    return f"{finding.message}; how to mend: {finding.advice}" if finding.advice else finding.message


def place_of(location: Location) -> Place:
    """Return the place of a location that is no built-in default; a file without a text counts as its first line."""
    span = location.span
    if span is None:
        return Place(location.path)
    return Place(location.path, span.line, span.column, span.end_line, span.end_column)


def first_place(finding: Finding, audit: Audit) -> Place:
    """Return where to show a finding: its primary place; where that is a default, another; or else a main file."""
    primary = finding.primary
    if primary.default_of is None:
        return place_of(primary)
    others = [one for one in finding.locations if one.default_of is None]
    # A file that does not set something is less of a place than a line that makes the default matter.
    others.sort(key=lambda one: one.span is None)
    return place_of(others[0]) if others else Place((*_main_files(audit), ".")[0])


def _main_files(audit: Audit) -> list[str]:
    found = [dovecot.main_file.path for host in audit.hosts for dovecot in host.dovecot]
    return found + [file.path for host in audit.hosts for postfix in host.postfix for file in postfix.files]


@cache
def _top(folder: str) -> str | None:
    return git_root(folder)


def in_repository(path: str) -> str | None:
    """Return a path from the top of the git repository that it lies in; None where it is in none."""
    folder = os.path.dirname(path) or "."
    top = _top(folder)
    if top is None:
        return None
    real = os.path.join(os.path.realpath(folder), os.path.basename(path))
    return os.path.relpath(real, top)


def shown_path(path: str) -> str:
    """Return a path for a program that looks for it in its checkout."""
    return escaped(in_repository(path) or path)


def uri(path: str) -> tuple[str, bool]:
    """Return the URI of a path, and whether it is relative to the top of the repository."""
    inside = in_repository(path)
    if inside is not None:
        return quote(os.fsencode(inside)), True
    return "file://" + quote(os.fsencode(os.path.abspath(path))), False
