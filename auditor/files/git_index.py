"""Which files a git working tree has committed, or is about to: those of its index, read without running git.

Source: Documentation/gitformat-index.adoc of git, versions 2 to 4.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.host import Host, Mount, Reason, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HEADER: Final = struct.Struct(">4sII")
_EXTENSION: Final = struct.Struct(">4sI")
_HASH_LENGTHS: Final = (20, 32)
_FIXED: Final = {length: struct.Struct(f">24x4s12x{length}xH") for length in _HASH_LENGTHS}
"""An entry up to its path, by the length of hashes: times, device, inode, the mode, owner, size, hash and the flags."""
_MODES: Final = frozenset(mode.to_bytes(4) for mode in (0o100644, 0o100755, 0o120000, 0o160000, 0o040000))
_EXTENDED: Final = 0x4000
_LENGTH: Final = 0xFFF
MAX_PATH: Final = 4096
"""Bytes of the longest path (PATH_MAX); in version 4 each begins with a copy of the one before."""


class Repository(NamedTuple):
    """A git working tree: its top folder, and the paths below it that are tracked; ``why`` they are not known.

    Tracked paths are those of the folders that were asked for.
    """

    top: str
    tracked: frozenset[str] = frozenset()
    why: str = ""

    def tracked_name(self, path: str) -> str | None:
        """Return the name that a file, given by its path on this machine, is tracked by; None if it is not."""
        name = os.path.relpath(os.path.realpath(path), self.top)
        return name if name in self.tracked else None


class _DamagedError(Exception):
    pass


def repository_of(folder: str, within: Iterable[str] = ("/",)) -> Repository | None:
    """Return the git working tree that a folder lies in, with what it tracks in some folders; None for no such tree."""
    top = os.path.realpath(folder)
    while not os.path.lexists(os.path.join(top, ".git")):
        if top == os.path.dirname(top):
            return None
        top = os.path.dirname(top)
    data = Host((Mount("/", top),)).read_bytes("/.git/index")
    if isinstance(data, Unreadable):
        if data.reason is Reason.MISSING:
            why = "the index of its git repository lies elsewhere, or nothing was ever added"
        else:
            why = f"the index of its git repository: {data.why}"
        return Repository(top, why=why)
    try:
        paths = tracked_paths(data, tuple(_beginning(one, top) for one in within))
        return Repository(top, frozenset(os.fsdecode(b"\0".join(paths)).split("\0") if paths else ()))
    except _DamagedError as error:
        return Repository(top, why=f"the index of its git repository {error}")


def _beginning(folder: str, top: str) -> bytes:
    """Return what the paths in a folder begin with, seen from the top; nothing where the whole tree is in it."""
    name = os.path.relpath(os.path.realpath(folder), top)
    return b"" if name.partition("/")[0] in (".", "..") else os.fsencode(f"{name}/")


def tracked_paths(data: bytes, beginnings: tuple[bytes, ...]) -> list[bytes]:
    """Return the paths in an index that begin so; raises when it is damaged or of a kind that is not read here."""
    if len(data) < _HEADER.size:
        raise _DamagedError("is damaged")
    magic, version, count = _HEADER.unpack_from(data)
    if magic != b"DIRC" or version not in (2, 3, 4):
        raise _DamagedError("is of a kind that is not read here")
    for length in _HASH_LENGTHS:
        try:
            paths, end = _entries(data, version, count, length)
        except (struct.error, IndexError, ValueError):
            continue
        if b"link" in _extensions(data, end):
            raise _DamagedError("is split into two files, which is not read here")
        return [path for path in paths if path.startswith(beginnings)]
    raise _DamagedError("is damaged")


def _entries(data: bytes, version: int, count: int, hash_length: int) -> tuple[list[bytes], int]:
    """Return the paths and where they end; raises ValueError where an entry makes no sense."""
    paths: list[bytes] = []
    at = _HEADER.size
    path = kept = b""
    fixed, size = _FIXED[hash_length].unpack_from, _FIXED[hash_length].size
    for _ in range(count):
        start = at
        mode, flags = fixed(data, start)
        at += size + 2 if version > 2 and flags & _EXTENDED else size
        if version == 4:
            cut, at = _offset(data, at)
            kept = path[: len(path) - cut]
        length = flags & _LENGTH
        end = at + length - len(kept) if length < _LENGTH else data.index(b"\0", at)
        path = kept + data[at:end]
        if mode not in _MODES or end < at or data[end] or len(path) > MAX_PATH:
            raise ValueError
        paths.append(path)
        # Up to version 3 an entry is filled up to a multiple of eight bytes, with one NUL at least.
        at = end + 1 if version == 4 else start + (end - start + 8) // 8 * 8
    return paths, at


def _offset(data: bytes, at: int) -> tuple[int, int]:
    """Read a number as offsets are written in packs (``decode_varint`` in varint.c)."""
    byte = data[at]
    value = byte & 0x7F
    while byte & 0x80:
        at += 1
        byte = data[at]
        value = (value + 1 << 7) | byte & 0x7F
        if value > len(data):
            raise ValueError
    return value, at + 1


def _extensions(data: bytes, at: int) -> Iterator[bytes]:
    while at + _EXTENSION.size <= len(data) - _HASH_LENGTHS[0]:
        name, size = _EXTENSION.unpack_from(data, at)
        yield name
        at += _EXTENSION.size + size
