"""Whether a secret in a file is open to others: by its mode, or because a git repository has it."""

from __future__ import annotations

import re
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.files.git_index import Repository, repository_of
from auditor.files.permissions import Readers, readers
from auditor.host import Unreadable
from auditor.text import escaped

if TYPE_CHECKING:
    from auditor.host import Host


_FOR_TESTS: Final = re.compile(r"(?i)(?:^|/)(?:[^/]*tests?|fixtures?|examples?|samples?|mocks?|testdata)/")


def is_for_tests(path: str) -> bool:
    """Whether a file of a repository lies in a folder for tests or examples, whose secrets protect nothing."""
    return _FOR_TESTS.search(path) is not None


class Openness(Enum):
    """By what a file is open to others."""

    COMMITTED = "committed"
    """Everybody has it who may read the repository, now or later."""
    WORLD = "world"
    """Every user of the host can read it."""
    DIRECTORY = "directory"
    """Its mode lets every user read it, and only a directory on the way keeps them out."""


class Exposure(NamedTuple):
    """A file that is open to others: its path, by what, and that in words."""

    path: str
    by: Openness
    how: str

    @property
    def advice(self) -> str:
        """What takes the file out of others' reach."""
        if self.by is Openness.COMMITTED:
            return f"git rm --cached {self.path}, and change the secret: it stays in the history"
        return f"chmod o-rwx {self.path}"


class Exposures:
    """Says of the files of a host whether they are open to others."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._known: dict[str, Exposure | str | None] = {}

    @cached_property
    def repository(self) -> Repository | None:
        """The git working tree that the files lie in; None for a live host, whose modes count."""
        if self.host.is_live:
            return None
        folders = [self.host.real_path(name) for name in ("/etc", "/etc/dovecot", "/etc/postfix")]
        tops = [mount.folder for mount in self.host.mounts]
        return next((found for folder in folders if folder and (found := repository_of(folder, tops))), None)

    def of(self, name: str) -> Exposure | str | None:
        """Return by what a file is open to others; None when it is not, or why that is not known."""
        if name not in self._known:
            self._known[name] = self._of(name)
        return self._known[name]

    def _of(self, name: str) -> Exposure | str | None:
        facts = self.host.facts(name)
        if isinstance(facts, Unreadable):
            return facts.why
        path = escaped(facts.path)
        repository = self.repository
        tracked = repository.tracked_name(facts.path) if repository else None
        if tracked and not is_for_tests(tracked):
            return Exposure(path, Openness.COMMITTED, f"{path} is committed to a git repository")
        why = repository.why if repository else ""
        if not self.host.modes_known:
            return None if repository and not why else why or "modes mean nothing in this tree"
        found = readers(self.host, name)
        if not isinstance(found, Readers):
            return found
        mode = f"{path} (mode {found.permissions:04o})"
        if found.world_readable:
            return Exposure(path, Openness.WORLD, f"every user of this host can read {mode}")
        if barrier := found.protected_only_by_directory:
            return Exposure(path, Openness.DIRECTORY, f"only the directory {barrier} keeps other users from {mode}")
        return why or None
