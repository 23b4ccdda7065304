"""The ways in that a change opens and closes, whatever text it edits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
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
    """Compare two access tables; where a way merely got other reasons, nothing has changed.

    Listeners count by what they are, not by their place.
    """
    before, after = ({row: row._replace(listener=row.listener.moved()) for row in rows} for rows in (old, new))
    known_before, known_after = _by_door(before.values()), _by_door(after.values())
    appeared = {row: way for row, way in after.items() if not _serving(way, known_before)}
    disappeared = tuple(row for row, way in before.items() if not _serving(way, known_after))
    without_tls = tuple(row for row, way in appeared.items() if not way.tls and _needed_tls(way, known_before))
    return Difference(tuple(appeared), disappeared, without_tls)


_ByDoor = Mapping[object, Sequence["Row"]]


def _by_door(ways: Iterable[Row]) -> _ByDoor:
    found: dict[object, list[Row]] = defaultdict(list)
    for way in ways:
        found[way.door].append(way)
    return found


def _serving(way: Row, known: _ByDoor) -> bool:
    """Whether who can go a way can go a known one."""
    return any(one.needs_no_more_than(way) for one in known.get(way.door, ()))


def _needed_tls(way: Row, known: _ByDoor) -> bool:
    """Whether there was a way like this one, but for TLS."""
    return any(one.tls and way.needs_no_more_than(one) for one in known.get(way.door, ()))
