"""Which settings and passdbs the auth service uses for the logins of a protocol, and whether it starts at all."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

from auditor.dovecot.configuration import GLOBAL, Scope
from auditor.model.reach import CREDENTIAL_MECHANISMS, NEEDING_NO_PASSDB, WITHOUT_CREDENTIALS

if TYPE_CHECKING:
    from auditor.model.dovecot import Dovecot
    from auditor.model.passdb import Passdb

NO_PROTOCOL: Final = "-"
"""A protocol that no block names, to see what blocks such as ``protocol !smtp`` say of it."""


class AuthSettings:
    """The auth service of one Dovecot instance, by protocol."""

    def __init__(self, dovecot: Dovecot) -> None:
        self._dovecot = dovecot

    @cached_property
    def filters(self) -> frozenset[str]:
        """The protocols, ``!smtp`` and the like included, whose blocks say something to the auth service."""
        if not any(scope.protocol for scope in self._dovecot.configuration.scopes()):
            return frozenset()
        found = re.compile(r"protocol (\S+)/(?:auth_|passdb|userdb)")
        return frozenset(match[1] for name in self._dovecot.configuration.settings() if (match := found.match(name)))

    def scope(self, protocol: str = "") -> Scope:
        """Return the scope of the settings that the auth service uses for logins by a protocol.

        It reads them for each protocol that has a block, for ``!smtp`` as for one, and once for the rest, for which
        all blocks such as ``protocol !smtp`` hold in 2.4, also for SMTP itself (``auth_find_protocol``; tests/live).
        """
        if protocol in self.filters:
            return Scope(protocol=protocol)
        negated = {name for name in self.filters if name.startswith("!")}
        if protocol and negated - {f"!{protocol}"}:
            return Scope(protocol=protocol)
        return Scope(protocol=NO_PROTOCOL) if negated and self._dovecot.dialect == "2.4" else GLOBAL

    def passdbs(self, protocol: str) -> tuple[Passdb, ...]:
        """Return the passdbs that apply to logins by a protocol, in their order."""
        known = self._passdbs.get(protocol)
        if known is None:
            scope = self.scope(protocol)
            # SMTP comes to a passdb in ``protocol !smtp`` in 2.4, but what is read at the lookup is not found for it.
            outside = f"!{protocol}" if scope.protocol == NO_PROTOCOL else ""
            known = self._passdbs[protocol] = tuple(
                passdb.seen_from_outside() if outside and passdb.section.conditions.protocol == outside else passdb
                for passdb in self._dovecot.passdbs_in(scope)
            )
        return known

    @cached_property
    def _passdbs(self) -> dict[str, tuple[Passdb, ...]]:
        return {}

    @cached_property
    def starts(self) -> bool:
        """Whether the auth service starts: it dies of blocks that it can make nothing of, and nobody logs in.

        Source: ``auth_preinit``, ``auths_preinit`` and ``auth_mech_list_verify_passdb`` (src/auth/auth.c).
        """
        negated = [name for name in self.filters if name.startswith("!")]
        if len(negated) > 1:
            return False
        scopes = {self.scope(), *(Scope(protocol=name) for name in self.filters.difference(negated))}
        return all(self._can_do(scope) for scope in scopes)

    def _can_do(self, scope: Scope) -> bool:
        passdbs = [passdb for passdb in self._dovecot.passdbs_in(scope) if not passdb.is_master]
        while passdbs and passdbs[0].needs_earlier_success:
            passdbs.pop(0)
        if passdbs and passdbs[-1].goes_on_at_the_end:
            return False
        needy = self._dovecot.mechanisms.keys() - NEEDING_NO_PASSDB
        if needy & CREDENTIAL_MECHANISMS.keys() and all(one.driver in WITHOUT_CREDENTIALS for one in passdbs):
            return False
        return bool(passdbs) or not needy
