"""Why a file could not be read, and what it would take."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from auditor.text import escaped


class Reason(StrEnum):
    """Why a file could not be read."""

    MISSING = "no such file"
    OUTSIDE = "outside the audited tree"
    PERMISSION = "permission denied"
    NOT_REGULAR = "not a regular file"
    TOO_LARGE = "larger than 16 MiB"
    LOOP = "too many levels of symbolic links"
    FAILED = "cannot be read"

    @property
    def why(self) -> str:
        """The reason with what it would take to read the file."""
        remedy = _REMEDIES.get(self)
        return f"{self.value} ({remedy})" if remedy else self.value


_REMEDIES: Final = {
    Reason.MISSING: "it takes a tree that has it",
    Reason.OUTSIDE: "it takes the tree that it lies in, or its root as --root",
    Reason.PERMISSION: "it takes a user who may read it",
    Reason.NOT_REGULAR: "nothing else is opened",
    Reason.TOO_LARGE: "more is never read",
}


class Unreadable(NamedTuple):
    """A file that could not be read, and why."""

    name: str
    path: str
    reason: Reason
    detail: str = ""

    @property
    def why(self) -> str:
        """Why it could not be read, and what it would take."""
        return self.detail or self.reason.why

    def __str__(self) -> str:
        return f"{escaped(self.path)}: {self.why}"
