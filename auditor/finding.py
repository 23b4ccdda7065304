"""What an audit says: findings with their places, problems of reading, and what could not be checked."""

from __future__ import annotations

import re
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from auditor.change import Fix
    from auditor.text import Span


_MEANT: Final = re.compile(r"[Dd]id you mean (\w+)\?")


class Severity(Enum):
    """How bad it is; critical means that someone gets in or that mail service is down."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)

    def __lt__(self, other: Severity) -> bool:
        return self.rank < other.rank


class Confidence(Enum):
    """How sure the finding is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Location(NamedTuple):
    """A place that a finding points to: a span of a text, a file as a whole (a key), or a built-in default.

    ``default_of`` is the version of a default; ``via`` holds the lines that lead to the file, as in ``Origin``.
    """

    path: str
    span: Span | None = None
    label: str = ""
    primary: bool = False
    default_of: str | None = None
    via: tuple[Span, ...] = ()

    @classmethod
    def of(cls, place: Span | str, label: str = "", *, primary: bool = False) -> Location:
        """Return the location of a span, or of a path that the user can open."""
        if isinstance(place, str):
            return cls(place, None, label, primary)
        return cls(place.file.path, place, label, primary)

    @property
    def sort_key(self) -> tuple[str, int, int]:
        """Order of locations in a report."""
        return (self.path, self.span.line, self.span.column) if self.span else (self.path, 0, 0)


class Finding(NamedTuple):
    """One thing that is wrong: what happens, where, and what to do about it.

    ``subject`` names what the finding is about independently of lines (a setting path, a file name). ``fingerprint`` is
    what the finding is known by from one run to the next (``auditor.fingerprint``), ``file`` the name of its file on
    the audited host; the audit sets both.
    """

    rule: str
    severity: Severity
    confidence: Confidence
    message: str
    locations: tuple[Location, ...]
    advice: str = ""
    tags: tuple[str, ...] = ()
    subject: str = ""
    fingerprint: str = ""
    file: str = ""
    fix: Fix | None = None
    """What its rule proposes to mend it with."""

    @property
    def primary(self) -> Location:
        """The place where it stands."""
        return next((location for location in self.locations if location.primary), self.locations[0])

    @property
    def sort_key(self) -> tuple[int, tuple[str, int, int], str, str]:
        """Order of findings in a report: the worst first, then by place."""
        return (self.severity.rank, self.primary.sort_key, self.rule, self.message)


class Suppressed(NamedTuple):
    """A finding that somebody accepted: why, until when, and where that is said; in a baseline no place says it."""

    finding: Finding
    reason: str
    until: date | None = None
    place: Span | None = None


class Known(NamedTuple):
    """A finding as a baseline knows it."""

    rule: str
    file: str
    fingerprint: str


class Baseline(NamedTuple):
    """The findings that are known, by the file that lists them, and those of them that no longer occur."""

    path: str
    entries: tuple[Known, ...]
    gone: tuple[Known, ...] = ()


class NotChecked(NamedTuple):
    """Something that a rule needed and that could not be read or decided, with what it would take."""

    what: str
    why: str
    rules: tuple[str, ...] = ()


class ProblemKind(StrEnum):
    """The rule that reports a problem of reading."""

    SYNTAX_ERROR = "syntax-error"
    UNKNOWN_SETTING = "unknown-setting"
    INVALID_VALUE = "invalid-value"
    INCLUDE_WITHOUT_MATCH = "include-without-match"


class Problem(NamedTuple):
    """A place where the daemon would not start or load with this text, in the daemon's words.

    Only what the daemon refuses is a problem; what it merely warns about is not.
    """

    kind: ProblemKind
    message: str
    span: Span
    advice: str = ""
    related: Sequence[tuple[Span, str]] = ()

    @property
    def meant(self) -> str:
        """The name that the advice asks for, `did you mean …?`; empty where it gives another one."""
        match = _MEANT.fullmatch(self.advice)
        return match[1] if match else ""
