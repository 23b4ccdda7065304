"""The users of the passdbs that only certificate logins get to, and what stands in their password fields.

EXTERNAL logs in with the empty password (src/auth/mech-external.c), so a field that holds something, or an empty one
under a scheme that hashes, keeps the user out unless ``nopassword`` was set before the password is compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.access.answers import needed
from auditor.access.stored import is_plain
from auditor.files.passwd_file import PasswdFile, Password
from auditor.model.reach import PASSWORD_MECHANISMS
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.files.passwd_file import Entry
    from auditor.model.dovecot import Dovecot
    from auditor.model.passdb import Passdb
    from auditor.text import Origin

SHOWN = 3
"""Users whose lines are shown."""


class ExternalUsers(NamedTuple):
    """A passdb whose filter lets EXTERNAL in and no mechanism with passwords, and the entries of its passwd-file."""

    passdb: Passdb
    file: PasswdFile

    @property
    def nopassword_origin(self) -> Origin | None:
        """Where the block, or a user, says ``nopassword``, whether or not that comes in time."""
        if field := self._field:
            return field
        return next((self.file.origin(one) for one in self.file.entries if "nopassword" in one.extra_fields), None)

    @property
    def keeping_passwords(self) -> list[Entry]:
        """The users that have a password beside the ``nopassword`` that is for them."""
        with_password = (one for one in self.file.entries if one.password is Password.PRESENT)
        return [one for one in with_password if self._field or "nopassword" in one.extra_fields]

    @property
    def empty_under_a_hash(self) -> list[Entry]:
        """The users with an empty field whom the scheme of the block, one that hashes, keeps from logging in."""
        if is_plain(self.passdb.scheme[0]):
            return []
        empty = (one for one in self.file.entries if one.is_empty and not one.scheme)
        return [one for one in empty if needed(self.passdb, one) is None]

    @property
    def _field(self) -> Origin | None:
        fields = (one for one in self.passdb.fields if one.name == "nopassword" and one.suffix != "remove")
        return next((one.origin for one in fields), None)

    def named(self, users: Sequence[Entry]) -> str:
        """Return whose entries these are, for a sentence."""
        return shortened(users[0].user.partition(" ")[0]) if len(users) == 1 else f"{len(users)} users"

    def places(self, users: Sequence[Entry], label: str) -> list[tuple[Origin, str]]:
        """Return where the first of these entries stand."""
        return [(self.file.origin(one), label) for one in users[:SHOWN]]


def external_users(dovecot: Dovecot) -> Iterator[ExternalUsers]:
    """Yield the passdbs that were made for certificate logins only, as far as their users can be read."""
    for passdb in dovecot.passdbs:
        by_password = any(passdb.admits(mechanism) for mechanism in PASSWORD_MECHANISMS)
        if passdb.admits("external") and not by_password and isinstance(passdb.users, PasswdFile):
            yield ExternalUsers(passdb, passdb.users)
