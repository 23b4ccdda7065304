"""The files of an audited host, read safely.

Only regular files are opened, each at most once, none larger than a cap, and nothing is written.
"""

from __future__ import annotations

import os
import stat
from functools import cached_property
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from auditor.host.accounts import Account, groups_in, users_in
from auditor.host.names import MAX_LINKS, Mount, Names
from auditor.host.shell_patterns import WILDCARD, braces_expanded, component_pattern
from auditor.host.unreadable import Reason, Unreadable
from auditor.text import SourceFile

MAX_BYTES: Final = 16 * 1024 * 1024
"""The largest file that is read, in bytes."""
MAX_MATCHES: Final = 20_000
"""Directory entries looked at for one glob pattern."""
MAX_PATTERN: Final = 8192
"""Characters of a glob pattern; no path is longer than 4,096 (PATH_MAX)."""


class FileFacts(NamedTuple):
    """Type, permissions and owner of one file or directory."""

    name: str
    path: str
    mode: int
    uid: int
    gid: int

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return stat.S_ISDIR(self.mode)

    @property
    def permissions(self) -> int:
        """The permission bits."""
        return stat.S_IMODE(self.mode)


class Host(Names):
    """A file tree to audit.

    ``modes_known`` is false where permissions and owners mean nothing, as in a git working tree.
    """

    def __init__(self, mounts: tuple[Mount, ...], *, modes_known: bool = True) -> None:
        super().__init__(mounts)
        self.modes_known = modes_known
        self._bytes: dict[str, bytes | Unreadable] = {}
        self._texts: dict[str, SourceFile | Unreadable] = {}
        self._known_facts: dict[str, FileFacts | Unreadable] = {}

    def read_bytes(self, name: str) -> bytes | Unreadable:
        """Return the contents of a regular file below the root, or why there are none."""
        resolved = self.resolve(name)
        if isinstance(resolved, Unreadable):
            return resolved
        final = resolved[0]
        known = self._bytes.get(final)
        if known is None:
            known = self._bytes[final] = self._read(final)
        if isinstance(known, Unreadable):
            return Unreadable(name, self.path(name), known.reason, known.detail)
        return known

    def _read(self, name: str) -> bytes | Unreadable:
        real = self.real_path(name)
        if real is None:
            return self._unreadable(name, Reason.OUTSIDE)
        try:
            # Opening a FIFO waits for its writer and opening a device may act, hence the look before.
            if not stat.S_ISREG(os.lstat(real).st_mode):
                return self._unreadable(name, Reason.NOT_REGULAR)
            descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC)
            with open(descriptor, "rb") as file:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode):
                    return self._unreadable(name, Reason.NOT_REGULAR)
                data = file.read(MAX_BYTES + 1) if status.st_size <= MAX_BYTES else None
        except (OSError, ValueError) as error:
            return self._failed(name, error)
        if data is None or len(data) > MAX_BYTES:
            return self._unreadable(name, Reason.TOO_LARGE)
        return data

    def read_text(self, name: str) -> SourceFile | Unreadable:
        """Return a text file, decoded so that every byte can be given back; read once however often it is named."""
        known = self._texts.get(name)
        if known is None:
            data = self.read_bytes(name)
            known = self._texts[name] = (
                data
                if isinstance(data, Unreadable)
                else SourceFile(name, self.path(name), data.decode("utf-8", "surrogateescape"))
            )
        return known

    def facts(self, name: str) -> FileFacts | Unreadable:
        """Return type, mode and owner of what a name leads to, symlinks followed inside the tree."""
        resolved = self.resolve(name)
        return resolved if isinstance(resolved, Unreadable) else self._facts(resolved[0])

    def _facts(self, name: str) -> FileFacts | Unreadable:
        known = self._known_facts.get(name)
        if known is None:
            known = self._known_facts[name] = self._look_at(name)
        return known

    def _look_at(self, name: str) -> FileFacts | Unreadable:
        real = self.real_path(name)
        if real is None:
            return self._unreadable(name, Reason.OUTSIDE)
        try:
            status = os.lstat(real)
        except (OSError, ValueError) as error:
            return self._failed(name, error)
        return FileFacts(name, self.path(name), status.st_mode, status.st_uid, status.st_gid)

    def dangling_link(self, name: str) -> str | None:
        """Return the name that the symlinks of a name end at, when nothing is there although its folder is.

        Where the folder is missing, too, perhaps only that part of the tree was left out of a copy.
        """
        here = name
        for _ in range(MAX_LINKS):
            folder, _, entry = here.rpartition("/")
            resolved = self.resolve(folder or "/")
            real = None if isinstance(resolved, Unreadable) else self.real_path(f"{resolved[0].rstrip('/')}/{entry}")
            if real is None or isinstance(resolved, Unreadable):
                return None
            try:
                target = os.readlink(real)
            except (OSError, ValueError):
                return here if here != name and not os.path.lexists(real) else None
            here = os.path.normpath(os.path.join(resolved[0], target))
        return None

    def directories(self, name: str) -> list[FileFacts]:
        """Return the directories that a process must be able to search to reach a name, from the root down.

        The directories of each symlink on the way count, too.
        """
        resolved = self.resolve(name)
        if isinstance(resolved, Unreadable):
            return []
        names: dict[str, None] = {}
        for passed in (*resolved[1], resolved[0]):
            for parent in reversed(PurePosixPath(passed).parents):
                names[str(parent)] = None
        facts = (self._facts(parent) for parent in names)
        return [fact for fact in facts if isinstance(fact, FileFacts)]

    def exists(self, name: str) -> bool:
        """Whether a name leads to something inside the tree."""
        return not isinstance(self.facts(name), Unreadable)

    def entries(self, name: str) -> list[str] | Unreadable:
        """Return the names in a directory, sorted bytewise, symlinks to it followed inside the tree."""
        resolved = self.resolve(name)
        if isinstance(resolved, Unreadable):
            return resolved
        real = self.real_path(resolved[0])
        if real is None:
            below = {mount.name for mount in self.mounts if mount.name.startswith(resolved[0].rstrip("/") + "/")}
            return sorted(one[len(resolved[0].rstrip("/")) + 1 :].split("/")[0] for one in below)
        try:
            return sorted(os.listdir(real), key=os.fsencode)
        except (OSError, ValueError) as error:
            return self._failed(name, error)

    def glob(self, pattern: str) -> list[str]:
        """Return the names that match an absolute pattern, as libc does with GLOB_BRACE in the C locale.

        A name that two alternatives in braces match comes twice.
        """
        found: list[str] = []
        if len(pattern) > MAX_PATTERN:
            return found
        for plain in braces_expanded(pattern):
            found += self._glob(plain)
            if len(found) > MAX_MATCHES:
                break
        return found

    def _glob(self, pattern: str) -> list[str]:
        names = [""]
        budget = MAX_MATCHES
        parts = [part for part in pattern.split("/") if part]
        if not WILDCARD.search(pattern):
            # A file that includes itself under an ever longer name asks two thousand times, for two thousand parts.
            names, parts = ["/" + "/".join(parts)], []
        for part in parts:
            if not WILDCARD.search(part):
                names = [f"{name}/{part}" for name in names]
                continue
            matcher = component_pattern(part)
            matched: list[str] = []
            for name in names:
                listed = self.entries(name or "/")
                for entry in listed if isinstance(listed, list) else []:
                    budget -= 1
                    if budget < 0:
                        return matched
                    if (not entry.startswith(".") or part.startswith(".")) and matcher.fullmatch(entry):
                        matched.append(f"{name}/{entry}")
            names = matched
        return [name for name in names if self._is_entry(name)]

    def _is_entry(self, name: str) -> bool:
        """Whether there is something by that name, be it a symlink that leads nowhere: glob(3) finds those, too."""
        folder, _, entry = name.rpartition("/")
        resolved = self.resolve(folder or "/")
        return not isinstance(resolved, Unreadable) and not isinstance(
            self._facts(f"{resolved[0].rstrip('/')}/{entry}"), Unreadable
        )

    @cached_property
    def users(self) -> dict[int, Account]:
        """Users of the host by number, from its own ``/etc/passwd``; empty when it is not in the tree."""
        return users_in(self._text("/etc/passwd"))

    @cached_property
    def groups(self) -> dict[int, Account]:
        """Groups of the host by number with their members, users whose primary group it is included."""
        return groups_in(self._text("/etc/group"), self.users.values())

    def _text(self, name: str) -> str:
        file = self.read_text(name)
        return "" if isinstance(file, Unreadable) else file.text
