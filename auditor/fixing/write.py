"""Writing fixes into the user's files: as a whole, with what the file system knows of each kept, or not at all."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.atomic import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.fixing.apply import NewFacts
    from auditor.fixing.rounds import Mended
    from auditor.host import FileFacts, Host


class NotWrittenError(Exception):
    """A file is not changed; the text says which and why, in one line."""


def write(mended: Mended) -> Iterator[str]:
    """Write the fixes of a host and yield each path that was changed. Raises NotWrittenError.

    Every file is looked at before the first is written.
    """
    host = mended.found.host
    texts = [(_path(host, name), host.read_bytes(name), data) for name, data in sorted(mended.state.contents.items())]
    modes = [(_path(host, name), facts) for name, facts in sorted(mended.state.facts.items())]
    for path, before, _ in texts:
        _check(path, before)
    for path, facts in modes:
        with _unchanged(path, facts.before):
            pass
    for path, before, data in texts:
        _write(path, before, data)
        yield path
    for path, facts in modes:
        _set_mode(path, facts)
        yield path


def _path(host: Host, name: str) -> str:
    if host.real_path(name) is None:
        raise NotWrittenError(f"{name} is outside the audited tree")
    return host.path(name)


def _check(path: str, before: object) -> os.stat_result:
    """Return the status of a file that may be written; raises NotWrittenError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            same = stat.S_ISREG(status.st_mode) and file.read() == before
    except OSError as error:
        raise NotWrittenError(_why(path, error)) from error
    if not same:
        raise NotWrittenError(f"{path} changed since it was read")
    if status.st_nlink > 1:
        raise NotWrittenError(f"{path} has another name (a hard link), which would keep the old text")
    if not os.access(path, os.W_OK):
        raise NotWrittenError(f"{path} may not be written")
    return status


def _write(path: str, before: object, data: bytes) -> None:
    status = _check(path, before)

    def keep(new: int) -> None:
        os.fchown(new, status.st_uid, status.st_gid)
        os.fchmod(new, stat.S_IMODE(status.st_mode))
        _keep_attributes(path, new)

    try:
        write_whole(Path(path), data, keep)
    except OSError as error:
        raise NotWrittenError(_why(path, error)) from error


def _keep_attributes(path: str, new: int) -> None:
    """Give the new file the extended attributes of the old one: its ACL, its SELinux label (xattr(7))."""
    try:
        names = os.listxattr(path)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return
        raise
    for name in names:
        os.setxattr(new, name, os.getxattr(path, name))


def _set_mode(path: str, facts: NewFacts) -> None:
    with _unchanged(path, facts.before) as descriptor:
        if (facts.after.uid, facts.after.gid) != (facts.before.uid, facts.before.gid):
            os.fchown(descriptor, facts.after.uid, facts.after.gid)
        os.fchmod(descriptor, facts.after.permissions)


@contextmanager
def _unchanged(path: str, known: FileFacts) -> Iterator[int]:
    """Open a file or folder whose mode and owner are still known; raises NotWrittenError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            if (status.st_mode, status.st_uid, status.st_gid) != (known.mode, known.uid, known.gid):
                raise NotWrittenError(f"the mode of {path} changed since it was read")
            yield descriptor
        finally:
            os.close(descriptor)
    except OSError as error:
        raise NotWrittenError(_why(path, error)) from error


def _why(path: str, error: OSError) -> str:
    return f"{path}: {(error.strerror or 'cannot be written').lower()}"
