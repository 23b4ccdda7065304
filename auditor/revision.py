"""The files of a git revision, laid out in a folder of their own, so that they are read as any other tree.

Only plumbing that runs no hook, filter or file-system monitor and fetches nothing is asked (gitrevisions(7),
git-ls-tree(1), git-cat-file(1)); the audited repository's settings cannot make it run anything.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FILE: Final = 8 << 20
"""Bytes of one file that are laid out; a configuration is smaller."""
MAX_TOTAL: Final = 256 << 20
_GIT: Final = ("git", "-c", "core.fsmonitor=false", "-c", "protocol.allow=never")
_ENVIRONMENT: Final = {"GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
_SYMLINK: Final = b"120000"


class RevisionError(Exception):
    """The files of a revision cannot be had; the text says why, in one line."""


class _Entry(NamedTuple):
    mode: bytes
    blob: str
    path: str


class Revision(NamedTuple):
    """A revision laid out: the repository's top folder, the folder that stands for it, and what was left out."""

    top: str
    folder: str
    left_out: tuple[str, ...]

    def of(self, path: str) -> str:
        """Return where a path of the working tree is in the revision; raises RevisionError outside the repository."""
        relative = os.path.relpath(os.path.realpath(path), self.top)
        if relative.startswith(".."):
            raise RevisionError(f"{path} is not in the repository {self.top}")
        return os.path.normpath(os.path.join(self.folder, relative))


@contextmanager
def revision(name: str, path: str) -> Iterator[Revision]:
    """Lay out a revision of the repository that a path lies in, and remove it afterwards; raises RevisionError."""
    here = path if Path(path).is_dir() else str(Path(path).parent)
    top = os.path.realpath(os.fsdecode(_git(here, "rev-parse", "--show-toplevel").rstrip(b"\n")))
    commit = os.fsdecode(_git(here, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{tree}}").strip())
    with TemporaryDirectory(prefix="mailaudit-") as folder:
        left_out = _lay_out(top, _entries(top, commit), Path(folder))
        yield Revision(top, folder, tuple(left_out))


def _git(folder: str, *arguments: str, given: bytes = b"") -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - git, by options of our own and object names
            [*_GIT, "-C", folder, *arguments],
            input=given,
            capture_output=True,
            check=False,
            env=os.environ | _ENVIRONMENT,
        )
    except FileNotFoundError as error:
        raise RevisionError("comparing with a revision takes git, which is not installed") from error
    if done.returncode:
        why = os.fsdecode(done.stderr).strip().splitlines()
        raise RevisionError(why[-1].removeprefix("fatal: ") if why else f"git knows no such revision in {folder}")
    return done.stdout


def _entries(top: str, tree: str) -> Iterator[_Entry]:
    for line in _git(top, "ls-tree", "-r", "-z", "--full-tree", tree).split(b"\0"):
        meta, tab, path = line.partition(b"\t")
        mode, kind, blob = meta.split(b" ") if tab else (b"", b"", b"")
        name = os.fsdecode(path)
        # A tree that git itself would not make must not lead out of the folder.
        if kind == b"blob" and not name.startswith("/") and not {"..", ".git", ""} & set(name.split("/")):
            yield _Entry(mode, os.fsdecode(blob), name)


def _lay_out(top: str, entries: Iterator[_Entry], folder: Path) -> Iterator[str]:
    """Write the files, then the symlinks, so that none is written through a symlink; yield what was left out."""
    links: list[tuple[Path, bytes]] = []
    total = 0
    known = list(entries)
    sizes = _sizes(top, known)
    wanted = []
    for entry, size in zip(known, sizes, strict=True):
        total += size
        if size > MAX_FILE or total > MAX_TOTAL:
            yield entry.path
        else:
            wanted.append(entry)
    for entry, text in zip(wanted, _contents(top, wanted), strict=True):
        path = folder / entry.path
        if entry.mode == _SYMLINK:
            links.append((path, text))
        elif not _written(path, text):
            yield entry.path
    for path, target in links:
        if not _linked(path, target):
            yield str(path.relative_to(folder))


def _written(path: Path, text: bytes) -> bool:
    """Write a file; false where its name is none on this machine, or another's of the same tree."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    except OSError:
        return False
    return True


def _linked(path: Path, target: bytes) -> bool:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(os.fsdecode(target))
    except (OSError, ValueError):
        return False
    return True


def _sizes(top: str, entries: list[_Entry]) -> list[int]:
    asked = "".join(f"{entry.blob}\n" for entry in entries).encode()
    lines = _git(top, "cat-file", "--batch-check=%(objectsize)", given=asked).splitlines()
    # What is missing in a partial clone is answered by "NAME missing".
    return [int(line) if line.isdigit() else MAX_FILE + 1 for line in lines]


def _contents(top: str, entries: list[_Entry]) -> Iterator[bytes]:
    asked = "".join(f"{entry.blob}\n" for entry in entries).encode()
    answer = memoryview(_git(top, "cat-file", "--batch=%(objectsize)", given=asked))
    at = 0
    while at < len(answer):
        end = bytes(answer[at : at + 24]).index(b"\n") + at
        size = int(bytes(answer[at:end]))
        yield bytes(answer[end + 1 : end + 1 + size])
        at = end + 1 + size + 1
