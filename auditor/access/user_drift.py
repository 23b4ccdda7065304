"""Users whom a certificate still lets in although they are no users any more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from auditor.files.passwd_file import PasswdFile
from auditor.model.passdb import passwd_file_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.dovecot.configuration import Section
    from auditor.model.dovecot import Dovecot
    from auditor.model.passdb import Passdb
    from auditor.text import Origin


class Leaver(NamedTuple):
    """A user of a passdb for certificates, why it should not be one any more, and its entry there."""

    name: str
    why: str
    origin: Origin


class Drift(NamedTuple):
    """The leavers in one passdb for certificates; ``why`` they are not known, empty when they are.

    Of those in ``homeless`` no userdb knows the name, so that the login fails behind the certificate.
    """

    passdb: Passdb
    leavers: tuple[Leaver, ...] = ()
    homeless: tuple[Leaver, ...] = ()
    why: str = ""


def drifts(dovecot: Dovecot, asked: Iterable[Passdb]) -> Iterator[Drift]:
    """Yield what became of each passwd-file that answers to EXTERNAL only, beside those with the users' passwords.

    ``asked`` are the passdbs that EXTERNAL logins get to.
    """
    regular = [one for one in dovecot.passdbs if one.admits("plain") and not one.is_deny and not one.is_master]
    for passdb in asked:
        if passdb.driver == "passwd-file" and passdb.filter and passdb.filter.names == {"external"} and regular:
            yield _drift(dovecot, passdb, regular)


def _drift(dovecot: Dovecot, passdb: Passdb, regular: list[Passdb]) -> Drift:
    known: dict[str, bool] = {}
    for one in (passdb, *regular):
        if not isinstance(one.users, PasswdFile):
            return Drift(passdb, why=one.users)
        if _username_format(one.section) != _username_format(passdb.section):
            return Drift(passdb, why="the files have names of different forms (username_format)")
        if one is not passdb:
            for entry in one.users.entries:
                known.setdefault(entry.user, "nologin" in entry.extra_fields)
    users = passdb.users
    if not isinstance(users, PasswdFile):
        return Drift(passdb, why=users)
    housed = _names_in_userdbs(dovecot, passdb)
    leavers, homeless = [], []
    for entry in users.entries:
        if housed is not None and entry.user not in housed:
            homeless.append(Leaver(entry.user, "in no userdb", users.origin(entry)))
        elif known.get(entry.user, True):
            why = "disabled" if entry.user in known else "missing"
            leavers.append(Leaver(entry.user, why, users.origin(entry)))
    return Drift(passdb, tuple(leavers), tuple(homeless))


def _names_in_userdbs(dovecot: Dovecot, passdb: Passdb) -> set[str] | None:
    """Return the names in the userdbs; None where these are not all files that can be read, or there is none."""
    names: set[str] = set()
    for driver, section in dovecot.userdbs:
        setting = section.get("passwd_file_path" if dovecot.dialect == "2.4" else "args")
        path = setting.value if setting else ""
        if dovecot.dialect == "2.3":
            path = passwd_file_args(path)[1]
        if driver != "passwd-file" or "%" in path or _username_format(section) != _username_format(passdb.section):
            return None
        if not isinstance(users := passdb.files.users(path), PasswdFile):
            return None
        names.update(entry.user for entry in users.entries)
    return names if dovecot.userdbs else None


def _username_format(block: Section) -> str:
    """Return how a passdb or userdb with a file forms the names that it looks up; empty where it is left as it is."""
    if setting := block.get("auth_username_format"):
        return setting.value
    args = block.get("args")
    found = re.search(r"(?:^|\s)username_format=(\S+)", args.value) if args else None
    return found[1] if found else ""
