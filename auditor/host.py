"""One audited file tree, read safely.

Names are absolute paths as the daemons on that host see them; they are resolved below the root as in a chroot, so that
no symlink leads out of it. Only regular files are opened, each at most once, none larger than a cap, and nothing is
written.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from enum import StrEnum
from functools import cached_property
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from auditor.text import SourceFile, escaped

MAX_BYTES: Final = 16 * 1024 * 1024
"""The largest file that is read, in bytes."""
MAX_LINKS: Final = 40
"""Symlinks followed in one path; Linux gives up (ELOOP) at the same number (path_resolution(7))."""
MAX_MATCHES: Final = 20_000
"""Directory entries looked at for one glob pattern."""
MAX_PATTERN: Final = 8192
"""Characters of a glob pattern; no path is longer than 4,096 (PATH_MAX)."""

_WILDCARD: Final = re.compile(r"[*?\[\\]")


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


class Account(NamedTuple):
    """A line of the host's own passwd or group file: name, number and, of a group, its members."""

    name: str
    number: int
    members: tuple[str, ...] = ()
    primary_group: int = -1


class Mount(NamedTuple):
    """A folder on this machine and the absolute name it stands for on the audited host."""

    name: str
    folder: str


class Host:
    """A file tree to audit.

    ``modes_known`` is false where permissions and owners mean nothing, as in a git working tree.
    """

    def __init__(self, mounts: tuple[Mount, ...], *, modes_known: bool = True) -> None:
        self.mounts = tuple(sorted(mounts, key=lambda mount: -len(mount.name)))
        self.modes_known = modes_known
        self._bytes: dict[str, bytes | Unreadable] = {}
        self._texts: dict[str, SourceFile | Unreadable] = {}
        self._resolved: dict[str, tuple[str, tuple[str, ...]] | Unreadable] = {}
        self._folders: set[str] = set()
        """Names of directories that no symlink stands for."""
        self._known_facts: dict[str, FileFacts | Unreadable] = {}

    @cached_property
    def root(self) -> str:
        """The folder that stands for ``/``, or the first folder where there is no root."""
        return next((mount.folder for mount in self.mounts if mount.name == "/"), self.mounts[0].folder)

    @property
    def whole(self) -> bool:
        """Whether the tree has a root, so that any absolute name may be in it."""
        return any(mount.name == "/" for mount in self.mounts)

    @cached_property
    def is_live(self) -> bool:
        """Whether it is the machine that this runs on."""
        return any(mount.name == "/" and os.path.realpath(mount.folder) == "/" for mount in self.mounts)

    def real_path(self, name: str) -> str | None:
        """Return the path on this machine for a name, symlinks not followed; None outside the tree."""
        for mount in self.mounts:
            if mount.name == "/":
                return os.path.join(mount.folder, name.lstrip("/")) if name != "/" else mount.folder
            if name == mount.name:
                return mount.folder
            if name.startswith(mount.name + "/"):
                return os.path.join(mount.folder, name[len(mount.name) + 1 :])
        return None

    def name_of(self, path: str) -> str | None:
        """Return the name on the host of a path on this machine, symlinks in it resolved; None outside the tree."""
        for mount in self.mounts:
            top = os.path.realpath(mount.folder).rstrip("/")
            if path.startswith(f"{top}/"):
                return mount.name.rstrip("/") + path[len(top) :]
        return None

    def path(self, name: str) -> str:
        """Return the path that the user can open for a name; outside the tree the name itself."""
        real = self.real_path(name)
        return name if real is None else real.removeprefix("./")

    def name(self, path: str) -> str:
        """Return the name that ``path`` made the path of; a path outside the tree is its own name."""
        for mount in sorted(self.mounts, key=lambda mount: -len(mount.folder)):
            if path == self.path(mount.name):
                return mount.name
            folder = os.path.join(mount.folder, "").removeprefix("./")
            if path.startswith(folder) and (folder or not path.startswith("/")):
                return f"{mount.name.rstrip('/')}/{path[len(folder) :]}"
        return path

    def resolve(self, name: str) -> tuple[str, tuple[str, ...]] | Unreadable:
        """Follow the symlinks of a name inside the tree.

        Returns the final name and the names of every symlink passed, or why it leads nowhere.
        """
        known = self._resolved.get(name)
        if known is None:
            known = self._resolved[name] = self._resolve(name)
        return known

    def _resolve(self, name: str) -> tuple[str, tuple[str, ...]] | Unreadable:
        pending = [part for part in reversed(name.split("/")) if part not in ("", ".")]
        done: list[str] = []
        links: list[str] = []
        while pending:
            part = pending.pop()
            if part == "..":
                if done:
                    done.pop()
                continue
            here = "/" + "/".join([*done, part])
            target = self._target(name, here)
            if isinstance(target, Unreadable):
                return target
            if target is None:
                done.append(part)
                continue
            links.append(here)
            if len(links) > MAX_LINKS:
                return self._unreadable(name, Reason.LOOP)
            if target.startswith("/"):
                done.clear()
            pending += [part for part in reversed(target.split("/")) if part not in ("", ".")]
        return "/" + "/".join(done), tuple(links)

    def _target(self, name: str, here: str) -> str | Unreadable | None:
        """Return what a symlink on the way to a name points to, None for all else, or why the way ends there."""
        if here in self._folders:
            return None
        real = self.real_path(here)
        if real is None:
            return None if self._leads_to_mount(here) else self._unreadable(name, Reason.OUTSIDE)
        try:
            mode = os.lstat(real).st_mode
            if stat.S_ISLNK(mode) and here not in self._mount_names:
                return os.readlink(real)
        except (OSError, ValueError) as error:
            return self._failed(name, error)
        if stat.S_ISDIR(mode):
            self._folders.add(here)
        return None

    @cached_property
    def _mount_names(self) -> frozenset[str]:
        return frozenset(mount.name for mount in self.mounts)

    def _leads_to_mount(self, name: str) -> bool:
        return any(mount.name.startswith(name + "/") for mount in self.mounts)

    def _unreadable(self, name: str, reason: Reason, detail: str = "") -> Unreadable:
        return Unreadable(name, self.path(name), reason, detail)

    def _failed(self, name: str, error: OSError | ValueError) -> Unreadable:
        number = error.errno if isinstance(error, OSError) else None
        if number in (errno.ENOENT, errno.ENOTDIR):
            return self._unreadable(name, Reason.MISSING)
        if number in (errno.EACCES, errno.EPERM):
            return self._unreadable(name, Reason.PERMISSION)
        if number == errno.ELOOP:
            return self._unreadable(name, Reason.LOOP)
        return self._unreadable(name, Reason.FAILED, f"cannot be read ({os.strerror(number) if number else error})")

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
        for plain in _braces_expanded(pattern):
            found += self._glob(plain)
            if len(found) > MAX_MATCHES:
                break
        return found

    def _glob(self, pattern: str) -> list[str]:
        names = [""]
        budget = MAX_MATCHES
        parts = [part for part in pattern.split("/") if part]
        if not _WILDCARD.search(pattern):
            # A file that includes itself under an ever longer name asks two thousand times, for two thousand parts.
            names, parts = ["/" + "/".join(parts)], []
        for part in parts:
            if not _WILDCARD.search(part):
                names = [f"{name}/{part}" for name in names]
                continue
            matcher = _component_pattern(part)
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
        return {
            int(fields[2]): Account(fields[0], int(fields[2]), primary_group=int(fields[3]))
            for fields in self._accounts("/etc/passwd", 4)
            if fields[3].isdecimal()
        }

    @cached_property
    def groups(self) -> dict[int, Account]:
        """Groups of the host by number with their members, users whose primary group it is included."""
        groups: dict[int, Account] = {}
        for fields in self._accounts("/etc/group", 4):
            number = int(fields[2])
            members = [member for member in fields[3].split(",") if member]
            members += [user.name for user in self.users.values() if user.primary_group == number]
            groups[number] = Account(fields[0], number, tuple(dict.fromkeys(members)))
        return groups

    def _accounts(self, name: str, width: int) -> list[list[str]]:
        file = self.read_text(name)
        if isinstance(file, Unreadable):
            return []
        rows = (line.split(":") for line in file.text.splitlines())
        return [row for row in rows if len(row) >= width and row[2].isdecimal() and len(row[2]) < 11]


def _braces_expanded(pattern: str, limit: int = 256) -> list[str]:
    """Return the patterns that ``{a,b}`` stands for, at most ``limit``."""
    done: list[str] = []
    pending = [pattern]
    while pending and len(done) + len(pending) <= limit:
        current = pending.pop(0)
        parts = _first_brace(current)
        if parts is None:
            done.append(current)
        else:
            before, choices, after = parts
            pending = [before + choice + after for choice in choices] + pending
    return done


def _first_brace(pattern: str) -> tuple[str, list[str], str] | None:
    start = pattern.find("{")
    while start >= 0:
        depth, choices, last = 0, [], start + 1
        for at in range(start, len(pattern)):
            char = pattern[at]
            if char == "{":
                depth += 1
            elif char == "," and depth == 1:
                choices.append(pattern[last:at])
                last = at + 1
            elif char == "}":
                depth -= 1
                if depth == 0:
                    # glob(3) leaves "{}" as it is.
                    if at == start + 1:
                        break
                    return pattern[:start], [*choices, pattern[last:at]], pattern[at + 1 :]
        start = pattern.find("{", start + 1)
    return None


def _component_pattern(part: str) -> re.Pattern[str]:
    """Return the regular expression for one path component of a shell pattern.

    What follows a ``*`` is taken at its first match for good, which is enough and keeps the time linear.
    """
    fixed = [""]
    at = 0
    while at < len(part):
        char = part[at]
        at += 1
        if char == "*":
            if fixed[-1] or len(fixed) == 1:
                fixed.append("")
        elif char == "?":
            fixed[-1] += "."
        elif char == "\\" and at < len(part):
            fixed[-1] += re.escape(part[at])
            at += 1
        elif char == "[" and (end := part.find("]", at + 1 + (part[at : at + 1] in ("!", "^")))) > 0:
            fixed[-1] += _bracket(part[at:end])
            at = end + 1
        else:
            fixed[-1] += re.escape(char)
    first, *rest = fixed
    inner = "".join(f"(?>.*?{one})" for one in rest[:-1])
    try:
        return re.compile(first + inner + (f".*{rest[-1]}" if rest else ""), re.DOTALL)
    except re.error:
        return re.compile(re.escape(part))


def _bracket(body: str) -> str:
    """Return the regular expression for the inside of a ``[…]``."""
    negated = "^" if body[:1] in ("!", "^") else ""
    members = body[1:] if negated else body
    for special in ("\\", "[", "&", "~", "|"):
        members = members.replace(special, "\\" + special)
    return f"[{negated}{members}]"
