"""A host as it will be once its files are changed, without changing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.host import FileFacts, Host, Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.text import SourceFile


class ChangedHost(Host):
    """A host some of whose files have other contents, or other modes and owners; it reads the rest as the first does.

    ``contents`` and ``facts`` go by the names that symlinks lead to.
    """

    def __init__(self, host: Host, contents: Mapping[str, bytes], facts: Mapping[str, FileFacts]) -> None:
        super().__init__(host.mounts, modes_known=host.modes_known)
        self._host = host
        self._contents = contents
        self._changed_facts = facts

    def resolve(self, name: str) -> tuple[str, tuple[str, ...]] | Unreadable:
        """Follow the symlinks of a name, which are no others than before."""
        return self._host.resolve(name)

    def read_text(self, name: str) -> SourceFile | Unreadable:
        """Return a text file: the very one of the first host where it is the same."""
        resolved = self.resolve(name)
        if isinstance(resolved, Unreadable) or resolved[0] not in self._contents:
            return self._host.read_text(name)
        return super().read_text(name)

    def _read(self, name: str) -> bytes | Unreadable:
        return self._contents[name] if name in self._contents else self._host.read_bytes(name)

    def _facts(self, name: str) -> FileFacts | Unreadable:
        return self._changed_facts.get(name) or super()._facts(name)
