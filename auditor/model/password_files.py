"""The passwd-files of Dovecot as files: whether passwords stand in them, and which mail processes can write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.files.passwd_file import PasswdFile, Password
from auditor.files.writers import Writers
from auditor.model.keys import MAIL_USERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.dovecot import Dovecot
    from auditor.text import Origin


class PasswordFile(NamedTuple):
    """A passwd-file that a passdb names; ``why`` its entries are not known, empty when they are."""

    name: str
    origin: Origin
    holds_passwords: bool
    mail_writers: tuple[str, ...]
    why: str = ""


def password_files(dovecot: Dovecot) -> Iterator[PasswordFile]:
    """Yield the passwd-files of one instance, each once."""
    seen: set[str] = set()
    for passdb in dovecot.passdbs:
        name = passdb.users_file
        if name is None or name in seen:
            continue
        seen.add(name)
        users = passdb.users
        if isinstance(users, PasswdFile):
            stored = any(entry.password is Password.PRESENT for entry in users.entries)
            yield PasswordFile(name, passdb.origin, stored, _mail_writers(dovecot, name))
        else:
            yield PasswordFile(name, passdb.origin, False, (), users)


def _mail_writers(dovecot: Dovecot, name: str) -> tuple[str, ...]:
    """Return the users of mail processes that can write a file, or own it."""
    path = dovecot.host.path(name)
    found: list[str] = []
    for place in Writers(dovecot.host).on_the_way(name):
        members = (member for _, group in place.groups for member in group or ())
        if place.path == path:
            found += [user for user in (place.owner, *place.users, *members) if user in MAIL_USERS]
    return tuple(dict.fromkeys(found))
