"""The passdbs of one Dovecot instance that let people in who know nothing, and those of which that is not known."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from auditor.access.addresses import LOOPBACK
from auditor.access.facts import Unknown
from auditor.access.open_passdb import Hole, OpenPassdb, hole_of
from auditor.access.rows import Secret
from auditor.model.reach import PASSWORD_MECHANISMS, POSTFIX_SERVICE, Reach

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.access.logins import AuthService, Login
    from auditor.model.dovecot import Dovecot
    from auditor.model.passdb import Passdb


class OpenPassdbs:
    """The passdbs of one instance by what is to be said about them; ``services`` is the auth service by protocol."""

    def __init__(self, dovecot: Dovecot, services: Mapping[str, AuthService]) -> None:
        self._dovecot = dovecot
        self._services = services

    def of(self, hole: Hole) -> list[OpenPassdb]:
        """Return the passdbs about whose hole this is the thing to say."""
        return [found for found in self._all if found.hole is hole]

    @cached_property
    def _all(self) -> tuple[OpenPassdb, ...]:
        dovecot = self._dovecot
        found = [
            OpenPassdb(
                dovecot,
                passdb,
                hole_of(passdb, [login for _, login in logins]),
                tuple(sorted((login for _, login in logins), key=lambda login: list(Secret).index(login.secret))),
                tuple(dict.fromkeys(Reach(service, login.mechanism.lower()) for service, login in logins)),
            )
            for passdb, logins in self._open.items()
        ]
        found += [
            OpenPassdb(dovecot, passdb, Hole.UNDECIDED, (), tuple(reaches))
            for passdb, reaches in self._unfiltered.items()
            if not passdb.query_about_the_login
        ]
        return tuple(found)

    @cached_property
    def _open(self) -> dict[Passdb, list[tuple[str, Login]]]:
        """The logins that succeed without any knowledge, from elsewhere, by the passdb that lets them in."""
        found: dict[Passdb, list[tuple[str, Login]]] = {}
        for service, auth in self._services.items():
            for login in auth.logins:
                if login.passdb and self._is_open(login) and not self._doubts(login):
                    found.setdefault(login.passdb, []).append((service, login))
        return found

    @cached_property
    def by_password(self) -> dict[Passdb, list[Reach]]:
        """The passdbs that logins with a password get to, and by what."""
        found: dict[Passdb, list[Reach]] = {}
        for service, auth in self._services.items():
            for mechanism in PASSWORD_MECHANISMS:
                for passdb in auth.asked(mechanism) if mechanism in self._dovecot.mechanisms else ():
                    if service == POSTFIX_SERVICE or not passdb.refuses_sessions:
                        found.setdefault(passdb, []).append(Reach(service, mechanism))
        return found

    @property
    def _hidden(self) -> dict[Passdb, list[Reach]]:
        """Those of them of which it cannot be said what they answer."""
        return {
            passdb: reaches
            for passdb, reaches in self.by_password.items()
            if passdb.unknown and passdb not in self._open and not passdb.is_deny
        }

    @property
    def _unfiltered(self) -> dict[Passdb, list[Reach]]:
        """Those of these that were made for EXTERNAL."""
        return {
            passdb: reaches
            for passdb, reaches in self._hidden.items()
            if passdb.filter is None and passdb.meant_for_external and "external" in self._dovecot.mechanisms
        }

    def undecided(self, hole: Hole) -> list[Unknown]:
        """Return what keeps it from being said whether there is more such a hole.

        Whether any password will do, or the empty one, is not known of the same passdbs.
        """
        if hole is Hole.UNDECIDED:
            return [
                Unknown(f"whom {passdb.title} lets in with a password", f"the query at {query} asks how one logs in")
                for passdb in self._unfiltered
                if (query := passdb.query_about_the_login)
            ]
        kind = Hole.EMPTY_PASSWORD if hole is Hole.ANY_PASSWORD else hole
        found = [
            Unknown(f"{passdb.origin}: {passdb.title}", passdb.unknown)
            for passdb in self._hidden
            if hole_of(passdb, ()) is kind
        ]
        logins = (login for auth in self._services.values() for login in auth.logins if self._is_open(login))
        doubtful = (login for login in logins if login.passdb and hole_of(login.passdb, [login]) is hole)
        return list(dict.fromkeys([*found, *(one for login in doubtful for one in self._doubts(login))]))

    def _is_open(self, login: Login) -> bool:
        """Return whether a login from elsewhere takes no knowledge.

        A certificate opens every mailbox where no filter limits the names of master users; else it opens its own.
        """
        passdb = login.passdb
        if passdb is None or login.by_failure or not login.networks - LOOPBACK:
            return False
        if login.mechanism == "EXTERNAL":
            return passdb.is_master and not passdb.username_filter
        own_name = not login.certificate.is_open and self._dovecot.takes_names_from_certificates
        return login.secret.is_open and not own_name

    def _doubts(self, login: Login) -> list[Unknown]:
        """Return the other passdbs on whose answers, which are not known, a login hangs."""
        titles = {passdb.title for passdb in self._dovecot.passdbs if passdb is not login.passdb}
        return [one for one in login.unknown if one.what in titles]
