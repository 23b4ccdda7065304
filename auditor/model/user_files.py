"""The passwd-files that passdbs name, each read once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.files.passwd_file import PasswdFile, read_passwd_file
from auditor.text import escaped

if TYPE_CHECKING:
    from auditor.dovecot.configuration import Dialect
    from auditor.host import Host, Unreadable
    from auditor.text import SourceFile


class UserFiles:
    """Reads the passwd-files of one Dovecot instance."""

    def __init__(self, host: Host, dialect: Dialect) -> None:
        self._host = host
        self._dialect = dialect
        self._known: dict[str, PasswdFile | str] = {}

    def users(self, name: str) -> PasswdFile | str:
        """Return the entries of a file, or why they are not known."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._users(name)
        return known

    def source(self, name: str) -> SourceFile | Unreadable:
        """Return the text of another file that a passdb names: the settings of its database."""
        return self._host.read_text(name)

    def _users(self, name: str) -> PasswdFile | str:
        found = read_passwd_file(self._host, name, dialect=self._dialect)
        if not isinstance(found, PasswdFile):
            return str(found)
        # What is no list of users must not be shown as one.
        return (
            f"{escaped(found.source.path)} holds keys or certificates" if "-----BEGIN" in found.source.text else found
        )
