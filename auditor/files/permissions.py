"""Who can read a file: by its mode or ACL, and by those of every directory on the way to it.

The order of the checks is that of acl(5), "ACCESS CHECK ALGORITHM"; the form of the extended attribute is that of
``include/uapi/linux/posix_acl_xattr.h``.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.host import FileFacts, Host, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable

READ: Final = 4
SEARCH: Final = 1

_ACL_ATTRIBUTE: Final = "system.posix_acl_access"
_ACL_VERSION: Final = 2
_ENTRY: Final = struct.Struct("<HHI")
_USER_OBJ, _USER, _GROUP_OBJ, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20


class Who(NamedTuple):
    """A process by what counts for access: its user and its groups. No user and no group stands for all others."""

    uid: int | None = None
    gids: frozenset[int] = frozenset()


OTHERS: Final = Who()


class Rights(NamedTuple):
    """The rights on one file or directory: three bits each for owner, group, others, and the entries of its ACL."""

    uid: int
    gid: int
    owner: int
    group: int
    other: int
    mask: int = 7
    users: tuple[tuple[int, int], ...] = ()
    groups: tuple[tuple[int, int], ...] = ()

    def allow(self, who: Who, right: int) -> bool:
        """Whether a process has a right. The superuser has every right whatever this says."""
        if who.uid == self.uid:
            return bool(self.owner & right)
        for uid, bits in self.users:
            if uid == who.uid:
                return bool(bits & self.mask & right)
        own = [bits for gid, bits in ((self.gid, self.group), *self.groups) if gid in who.gids]
        if own:
            return any(bits & self.mask & right for bits in own)
        return bool(self.other & right)


class Readers(NamedTuple):
    """Who can read one file; ``name`` is what its symlinks lead to, ``permissions`` are its permission bits.

    ``owner`` and ``group`` are names, or numbers where the host's own passwd and group files do not know them.
    """

    name: str
    path: str
    permissions: int
    owner: str
    group: str
    file: Rights
    directories: tuple[tuple[str, Rights], ...]
    host: Host

    @property
    def world_readable(self) -> bool:
        """Whether every user of the host can read it."""
        return self.file.allow(OTHERS, READ) and not self._barrier(OTHERS)

    @property
    def protected_only_by_directory(self) -> str:
        """The directory that alone keeps other users from reading it; empty where its own mode does, or nothing."""
        return self._barrier(OTHERS) if self.file.allow(OTHERS, READ) else ""

    @property
    def reading_groups(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Every group that can read it, by mode or ACL, with its members."""
        gids = [self.file.gid, *(gid for gid, _ in self.file.groups)]
        found = []
        for gid in dict.fromkeys(gids):
            who = Who(None, frozenset({gid}))
            if self.file.allow(who, READ) and not self._barrier(who):
                account = self.host.groups.get(gid)
                found.append((group_name(self.host, gid), account.members if account else ()))
        return tuple(found)

    def readable_by(self, user: str) -> bool | None:
        """Whether a user can read it; None when the host's passwd file is not there or does not know the user.

        A file that everybody can read whoever they are is readable by unknown users, too.
        """
        if user == "root":
            return True
        account = next((one for one in self.host.users.values() if one.name == user), None)
        if account is not None:
            return self._reads(_who(self.host, account.number))
        everybody = [self.file.owner, self.file.group, self.file.other]
        return True if self.world_readable and all(bits & READ for bits in everybody) else None

    def _reads(self, who: Who) -> bool:
        return who.uid == 0 or (self.file.allow(who, READ) and not self._barrier(who))

    def _barrier(self, who: Who) -> str:
        """Return the first directory on the way that a process may not search."""
        return next((path for path, rights in self.directories if not rights.allow(who, SEARCH)), "")


def readers(host: Host, name: str) -> Readers | str:
    """Return who can read a file, or why that is not known."""
    if not host.modes_known:
        return "permissions and owners mean nothing in this tree"
    facts = host.facts(name)
    if isinstance(facts, Unreadable):
        return str(facts)
    directories = tuple((one.path, rights(host, one)) for one in host.directories(name))
    return Readers(
        facts.name,
        facts.path,
        facts.permissions,
        user_name(host, facts.uid),
        group_name(host, facts.gid),
        rights(host, facts),
        directories,
        host,
    )


def rights(host: Host, facts: FileFacts) -> Rights:
    """Return the rights on a file or directory, those of its ACL where the file system shows one."""
    mode = facts.permissions
    plain = Rights(facts.uid, facts.gid, mode >> 6 & 7, mode >> 3 & 7, mode & 7)
    real = host.real_path(facts.name)
    if real is None or not hasattr(os, "getxattr"):
        return plain
    try:
        return with_acl(plain, os.getxattr(real, _ACL_ATTRIBUTE, follow_symlinks=False))
    except (OSError, ValueError):
        return plain


def with_acl(plain: Rights, attribute: bytes) -> Rights:
    """Return rights as an ACL in its binary form changes them; one that is damaged or of another version is ignored."""
    if len(attribute) % _ENTRY.size != 4 or attribute[:4] != struct.pack("<I", _ACL_VERSION):
        return plain
    entries = list(_ENTRY.iter_unpack(attribute[4:]))
    single = {tag: bits & 7 for tag, bits, _ in entries}
    if not {_USER_OBJ, _GROUP_OBJ, _OTHER} <= single.keys():
        return plain
    return plain._replace(
        owner=single[_USER_OBJ],
        group=single[_GROUP_OBJ],
        other=single[_OTHER],
        mask=single.get(_MASK, 7),
        users=_named(entries, _USER),
        groups=_named(entries, _GROUP),
    )


def _named(entries: Iterable[tuple[int, int, int]], wanted: int) -> tuple[tuple[int, int], ...]:
    return tuple((number, bits & 7) for tag, bits, number in entries if tag == wanted)


def _who(host: Host, uid: int) -> Who:
    """Return a user with all its groups."""
    account = host.users.get(uid)
    if account is None:
        return Who(uid)
    gids = [number for number, group in host.groups.items() if account.name in group.members]
    return Who(uid, frozenset([account.primary_group, *gids]))


def user_name(host: Host, uid: int) -> str:
    """Return a user's name, its number where the host's own passwd file does not know it."""
    account = host.users.get(uid)
    if account is not None:
        return account.name
    return "root" if uid == 0 else str(uid)


def group_name(host: Host, gid: int) -> str:
    """Return a group's name, its number where the host's own group file does not know it."""
    account = host.groups.get(gid)
    if account is not None:
        return account.name
    return "root" if gid == 0 else str(gid)
