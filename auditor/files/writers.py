"""Who can write a file, or put another one in its place: by the rights on it and on the directories on the way."""

from __future__ import annotations

import stat
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.files.permissions import OTHERS, Who, group_name, rights, user_name
from auditor.host import FileFacts, Unreadable

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from auditor.host import Host

WRITE: Final = 2


class Writable(NamedTuple):
    """A file or directory that others than root can write, by its name on the host, and who they are.

    ``owner`` is empty where root owns it; ``groups`` have their members, None where those are not known.
    """

    name: str
    path: str
    permissions: int
    owner: str
    users: tuple[str, ...]
    groups: tuple[tuple[str, tuple[str, ...] | None], ...]
    everybody: bool


class Writers:
    """Says of the files of a host who can write them."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._known: dict[FileFacts, Writable] = {}

    def on_the_way(self, name: str) -> Iterator[Writable]:
        """Yield what others than root can write of a file and of the directories on the way to it, links included.

        Nothing where modes mean nothing. In a directory with the sticky bit only its owner can put something in place
        of what is root's (unlink(2)).
        """
        facts = self._host.facts(name)
        if not self._host.modes_known or isinstance(facts, Unreadable):
            return
        for one in (*self._host.directories(name), facts):
            if one not in self._known:
                self._known[one] = _writable(self._host, one, self._trusted)
            found = self._known[one]
            if found.owner or found.users or found.groups or found.everybody:
                yield found

    @cached_property
    def _trusted(self) -> frozenset[int]:
        """Whom everything may belong to: root, and the one who owns a tree as a whole that was copied."""
        top = self._host.facts("/")
        return frozenset({0} if isinstance(top, Unreadable) else {0, top.uid})


def _writable(host: Host, facts: FileFacts, trusted: Container[int]) -> Writable:
    held = rights(host, facts)
    owner = "" if held.uid in trusted else user_name(host, held.uid)
    if facts.is_directory and facts.mode & stat.S_ISVTX:
        return Writable(facts.name, facts.path, facts.permissions, owner, (), (), everybody=False)
    users = tuple(user_name(host, uid) for uid, bits in held.users if uid and bits & held.mask & WRITE)
    gids = [gid for gid in dict.fromkeys((held.gid, *(gid for gid, _ in held.groups))) if gid]
    writing = [gid for gid in gids if held.allow(Who(None, frozenset({gid})), WRITE)]
    groups = tuple((group_name(host, gid), _members(host, gid)) for gid in writing)
    everybody = held.allow(OTHERS, WRITE)
    return Writable(
        facts.name,
        facts.path,
        facts.permissions,
        owner,
        users,
        tuple((group, members) for group, members in groups if members is None or members),
        everybody,
    )


def _members(host: Host, gid: int) -> tuple[str, ...] | None:
    """Return the members of a group without root; None where the tree does not know the group."""
    account = host.groups.get(gid)
    return None if account is None else tuple(member for member in account.members if member != "root")
