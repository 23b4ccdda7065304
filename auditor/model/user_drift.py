"""Users whom a certificate still lets in although they are no users any more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from auditor.files.passwd_file import PasswdFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.dovecot import Dovecot
    from auditor.model.passdb import Passdb
    from auditor.text import Origin


class Leaver(NamedTuple):
    """A user of a passdb for certificates, why it should not be one any more, and its entry there."""

    name: str
    why: str
    origin: Origin


class Drift(NamedTuple):
    """The leavers in one passdb for certificates; ``why`` they are not known, empty when they are."""

    passdb: Passdb
    leavers: tuple[Leaver, ...] = ()
    why: str = ""


def drifts(dovecot: Dovecot) -> Iterator[Drift]:
    """Yield what became of each passwd-file that answers to EXTERNAL only, beside those with the users' passwords."""
    regular = [one for one in dovecot.passdbs if one.admits("plain") and not one.is_deny and not one.is_master]
    for passdb in dovecot.client_certificates.passdbs_asked:
        if passdb.driver == "passwd-file" and passdb.filter and passdb.filter.names == {"external"} and regular:
            yield _drift(passdb, regular)


def _drift(passdb: Passdb, regular: list[Passdb]) -> Drift:
    known: dict[str, bool] = {}
    for one in (passdb, *regular):
        if not isinstance(one.users, PasswdFile):
            return Drift(passdb, why=one.users)
        if _username_format(one) != _username_format(passdb):
            return Drift(passdb, why="the files have names of different forms (username_format)")
        if one is not passdb:
            for entry in one.users.entries:
                known.setdefault(entry.user, "nologin" in entry.extra_fields)
    users = passdb.users
    if not isinstance(users, PasswdFile):
        return Drift(passdb, why=users)
    leavers = [
        Leaver(entry.user, "disabled" if entry.user in known else "missing", users.origin(entry))
        for entry in users.entries
        if known.get(entry.user, True)
    ]
    return Drift(passdb, tuple(leavers))


def _username_format(passdb: Passdb) -> str:
    if passdb.dialect == "2.4":
        return passdb.value("auth_username_format")
    found = re.search(r"(?:^|\s)username_format=(\S+)", passdb.value("passdb_args"))
    return found[1] if found else ""
