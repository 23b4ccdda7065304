"""The ways in that a change opens and closes, whatever text it edits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.access.rows import Row


class Difference(NamedTuple):
    """What one access table has and the other lacks."""

    appeared: tuple[Row, ...]
    """The ways of the new table that no way of the old one made superfluous."""
    disappeared: tuple[Row, ...]
    without_tls: tuple[Row, ...]
    """Those that appeared because TLS is no longer needed for them."""

    @property
    def is_dangerous(self) -> bool:
        """Whether a new way needs no secret, or TLS stops being needed."""
        return bool(self.without_tls) or any(row.is_open for row in self.appeared)


def difference(old: Iterable[Row], new: Iterable[Row]) -> Difference:
    """Compare two access tables; where a way merely got other reasons, nothing has changed."""
    before, after = list(old), list(new)
    appeared = tuple(row for row in after if not any(_serves(known, row) for known in before))
    disappeared = tuple(row for row in before if not any(_serves(known, row) for known in after))
    without_tls = tuple(row for row in appeared if any(_is_without_tls(row, known) for known in before))
    return Difference(appeared, disappeared, without_tls)


def _is_without_tls(row: Row, known: Row) -> bool:
    """Whether a way is one that was known, but for TLS."""
    return known.tls and not row.tls and _serves(row, known)


def _serves(one: Row, other: Row) -> bool:
    """Whether who can go the other way can go this one; listeners count by what they are, not by their place."""
    mine, theirs = (row._replace(listener=row.listener.moved()) for row in (one, other))
    return mine.needs_no_more_than(theirs)
