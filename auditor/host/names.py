"""The names of files on an audited host, and the paths on this machine that they stand for.

Names are absolute paths as the daemons on that host see them; symlinks are followed below the root as in a chroot, so
that none leads out of the tree.
"""

from __future__ import annotations

import errno
import os
import stat
from functools import cached_property
from typing import Final, NamedTuple

from auditor.host.unreadable import Reason, Unreadable

MAX_LINKS: Final = 40
"""Symlinks followed in one path; Linux gives up (ELOOP) at the same number (path_resolution(7))."""


class Mount(NamedTuple):
    """A folder on this machine and the absolute name it stands for on the audited host."""

    name: str
    folder: str


class Names:
    """The names in one file tree."""

    def __init__(self, mounts: tuple[Mount, ...]) -> None:
        self.mounts = tuple(sorted(mounts, key=lambda mount: -len(mount.name)))
        self._resolved: dict[str, tuple[str, tuple[str, ...]] | Unreadable] = {}
        self._folders: set[str] = set()
        """Names of directories that no symlink stands for."""

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
