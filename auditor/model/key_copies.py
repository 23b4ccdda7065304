"""Copies of private keys: those of editors and backups beside a key, and keys that a git repository has."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.files.pem import PemFile, read_pem
from auditor.model.exposure import Exposure, Openness, is_for_tests

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.host import Host
    from auditor.model.exposure import Exposures
    from auditor.model.files import FileUse

MAX_TRACKED: Final = 2_000
"""Tracked files that are looked into for keys."""

_ABOUT_KEYS: Final = re.compile("key|pem|pfx|p12|crt|cer|private")
"""What is in the path of every file that may hold a key, in small letters; few other paths have it."""
_MAY_HOLD_KEY: Final = re.compile(r"key|pem|\.pfx|\.p12|\.(?:crt|cer)(?:[.~_-]|$)")
_BACKUP: Final = re.compile(
    r"(?i)(?:~|[._-](?:bak|backup|old|orig|save|saved|swp|copy|dpkg-\w+|rpm\w+)\d*|[._-]\d{4,8})$"
)


class KeyCopy(NamedTuple):
    """A file with a private key that is open to others, and how; ``of`` is the setting that names the original."""

    exposure: Exposure
    of: FileUse | None


def key_copies(host: Host, exposures: Exposures, keys: Iterable[FileUse]) -> Iterator[KeyCopy]:
    """Yield the copies that are open to others."""
    yield from _tracked(host, exposures)
    for use in keys:
        for name in _backups(host, use.name):
            found = exposures.of(name)
            if isinstance(found, Exposure) and found.by is not Openness.COMMITTED and _has_plain_key(host, name):
                yield KeyCopy(found, use)


def _backups(host: Host, name: str) -> Iterator[str]:
    """Yield the files beside a file whose names say that they are what it was before."""
    folder, base = posixpath.split(name)
    entries = host.entries(folder)
    for entry in entries if isinstance(entries, list) else ():
        if base in entry and entry != base and _BACKUP.search(entry.strip("#")):
            yield f"{folder}/{entry}"


def _tracked(host: Host, exposures: Exposures) -> Iterator[KeyCopy]:
    """Yield the tracked files with a key, those of tests and examples left out, whose keys protect nothing."""
    repository = exposures.repository
    paths = repository.tracked if repository else ()
    wanted = sorted(path for path in paths if _may_hold_key(path.lower()) and not is_for_tests(path))
    for path in wanted[:MAX_TRACKED]:
        name = host.name_of(posixpath.join(repository.top, path)) if repository else None
        if name and _has_plain_key(host, name) and isinstance(found := exposures.of(name), Exposure):
            yield KeyCopy(found, None)


def _may_hold_key(path: str) -> bool:
    """Whether a file is called like one with a key, or lies in a folder for keys; the path is in small letters."""
    if not _ABOUT_KEYS.search(path):
        return False
    folder, _, name = path.rpartition("/")
    return _MAY_HOLD_KEY.search(name) is not None or f"/{folder}".endswith("/private")


def _has_plain_key(host: Host, name: str) -> bool:
    file = read_pem(host, name)
    return isinstance(file, PemFile) and any(not block.encrypted for block in file.pem.keys)
