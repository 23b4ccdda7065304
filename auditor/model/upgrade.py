"""What an upgrade of a daemon changes, setting by setting: what is refused then, and what is read differently."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from auditor.finding import Severity

if TYPE_CHECKING:
    from auditor.change import Fix
    from auditor.finding import NotChecked, Problem
    from auditor.text import Origin, Span


class Break(NamedTuple):
    """One setting that means something else, or nothing, to the new version.

    ``refused`` tells what keeps the new daemon from starting. ``because`` holds other places, each with its label.
    """

    setting: str
    at: Span | Origin
    message: str
    advice: str = ""
    refused: bool = False
    severity: Severity = Severity.HIGH
    because: tuple[tuple[Span | Origin, str], ...] = ()
    fix: Fix | None = None


@dataclass(slots=True)
class Upgrade:
    """Everything that an upgrade changes for one instance.

    ``problems`` are what the new version refuses for a reason of its own that the old one has, too; they are no part of
    the upgrade.
    """

    breaks: list[Break] = field(default_factory=list)
    not_checked: list[NotChecked] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


Line = tuple[str, int]


def line_of(span: Span) -> Line:
    """Return file and line of a place, by which problems of two readings are compared."""
    return span.file.name, span.line


def divided(new: list[Problem], old: list[Problem]) -> tuple[list[Problem], list[Problem]]:
    """Return the problems that only the new version has, and those on lines that the old one refuses as well."""
    known = {line_of(problem.span) for problem in old}
    alone = [problem for problem in new if line_of(problem.span) not in known]
    return alone, [problem for problem in new if line_of(problem.span) in known]


def and_so(parts: list[str]) -> str:
    """Return parts of a sentence joined to one."""
    return "; ".join(dict.fromkeys(part for part in parts if part))
