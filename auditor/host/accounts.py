"""The users and groups of an audited host, from its own passwd and group files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FIELDS: Final = 4
"""Fields of a line up to the primary group, or to the members."""
_DIGITS: Final = 10
"""Digits of the largest number."""


class Account(NamedTuple):
    """A line of the host's own passwd or group file: name, number and, of a group, its members."""

    name: str
    number: int
    members: tuple[str, ...] = ()
    primary_group: int = -1


def users_in(passwd: str) -> dict[int, Account]:
    """Return the users in the text of a passwd file by number; lines that are none are left out."""
    return {
        int(fields[2]): Account(fields[0], int(fields[2]), primary_group=int(fields[3]))
        for fields in _lines(passwd)
        if fields[3].isdecimal()
    }


def groups_in(group: str, users: Iterable[Account]) -> dict[int, Account]:
    """Return the groups in the text of a group file by number, with those users whose primary group each is."""
    primary: dict[int, list[str]] = {}
    for user in users:
        primary.setdefault(user.primary_group, []).append(user.name)
    found: dict[int, Account] = {}
    for fields in _lines(group):
        number = int(fields[2])
        members = [*filter(None, fields[3].split(",")), *primary.get(number, ())]
        found[number] = Account(fields[0], number, tuple(dict.fromkeys(members)))
    return found


def _lines(text: str) -> Iterator[list[str]]:
    for fields in (line.split(":") for line in text.splitlines()):
        if len(fields) >= _FIELDS and fields[2].isdecimal() and len(fields[2]) <= _DIGITS:
            yield fields
