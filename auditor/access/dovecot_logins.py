"""The ways through the doors of Dovecot's login services: which logins succeed there, from where, with TLS or without.

Source: ``client_auth_begin_common`` and ``sasl_server_auth_begin`` (src/login-common, 2.3.19.1 and 2.4.1), tried in
tests/live.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.access.addresses import EVERYWHERE, LOOPBACK
from auditor.access.dovecot_doors import Doors, limited
from auditor.access.dovecot_listeners import networks, reachable_from
from auditor.access.dovecot_services import free_row
from auditor.access.facts import Unknown
from auditor.access.rows import THIS_HOST, Certificate, Right, Row, Source
from auditor.model.vocabulary import is_true

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from auditor.access.addresses import AddressSet
    from auditor.access.dovecot_doors import Door
    from auditor.access.facts import Because
    from auditor.access.logins import Login
    from auditor.dovecot.configuration import Scope, Setting
    from auditor.model import Dovecot

SUBMISSION: Final = "submission"


@dataclass(frozen=True, eq=False)
class LoginRows:
    """The rows of one Dovecot instance's logins, by protocol."""

    dovecot: Dovecot
    doors: Doors
    logins: Mapping[str, Sequence[Login]]

    def rows(self) -> Iterator[Row]:
        """Yield the ways to log in, and what proxies may claim."""
        proxied = dict.fromkeys(door.listener for door in self.doors.all if door.listener.proxied)
        for listener in proxied:
            if source := self._proxies(reachable_from(listener)):
                yield free_row(source, listener, Right.CHANGE_IDENTITY, "", self._why_proxies)
        yield from _merged(
            row
            for door in self.doors.all
            for login in self.logins[door.listener.service]
            for row in (self._by_proxy(door, login) if door.listener.proxied else self._directly(door, login))
        )

    def open_settings(self, door: Door, login: Login) -> tuple[Setting, Setting] | None:
        """Return ``ssl`` and ``auth_allow_cleartext`` where they let anybody log in without TLS."""
        scope = door.scope
        ssl, cleartext = self.dovecot.get("ssl", scope), self.dovecot.get("auth_allow_cleartext", scope)
        if ssl is None or cleartext is None or self.doors.requires_tls(scope):
            return None
        return None if login.is_plaintext and not is_true(cleartext.value) else (ssl, cleartext)

    # -- connections from clients ------------------------------------------------------------------------------------

    def _directly(self, door: Door, login: Login) -> Iterator[Row]:
        """Yield the ways without TLS, then those with it: both where no one set of clients has the lesser need."""
        source = limited(door.source, login.networks)
        if login.needs_tls or door.listener.wrapped:
            clear = []
        else:
            clear = [(limited(one, login.networks & source.addresses), why) for one, why in self._clear(door, login)]
        for one, why in clear:
            if one.addresses:
                yield self._row(door, login, one, tls=False, because=why)
        everyone = any(one.addresses.covers(source.addresses) for one, _ in clear)
        if door.tls.possible and not everyone and source.addresses:
            yield from self._over_tls(door, login, source)

    def _over_tls(self, door: Door, login: Login, source: Source) -> Iterator[Row]:
        if login.certificate is Certificate.NONE:
            yield self._row(door, login, source, tls=True, because=door.tls.because, unknown=door.tls.unknown)
        elif door.trusted.fact.possible:
            facts = (door.tls, door.trusted.fact)
            yield self._row(
                door,
                login,
                source,
                tls=True,
                because=tuple(place for fact in facts for place in fact.because),
                unknown=tuple(missing for fact in facts for missing in fact.unknown),
            )._replace(revocable=door.trusted.revocable)

    def _clear(self, door: Door, login: Login) -> Iterator[tuple[Source, tuple[Because, ...]]]:
        """Yield who may log in without TLS, and why (``client->secured``)."""
        scope, listener = door.scope, door.listener
        if settings := self.open_settings(door, login):
            ssl, cleartext = settings
            why = (
                [(cleartext.origin, f"`{cleartext.name}` lets passwords through in clear")]
                if login.is_plaintext
                else []
            )
            yield door.source, (*why, (ssl.origin, "TLS is not required"))
            return
        # Connections between equal addresses; which others the host has is not known.
        if reachable_from(listener) & LOOPBACK:
            yield limited(THIS_HOST, door.source.addresses), ()
        trusted = networks(self.dovecot, "login_trusted_networks", scope)
        if trusted and not (self.doors.requires_tls(scope) and self.dovecot.dialect == "2.4"):
            setting = next(iter(self.dovecot.elements("login_trusted_networks", scope)))
            secured = (setting.origin, "these networks count as secured")
            yield limited(Source("login_trusted_networks", trusted), door.source.addresses), (secured,)

    # -- connections from proxies ------------------------------------------------------------------------------------

    def _proxies(self, reach: AddressSet) -> Source | None:
        proxies = networks(self.dovecot, "haproxy_trusted_networks")
        source = limited(Source("haproxy_trusted_networks", proxies), reach)
        return source if source.addresses else None

    @property
    def _why_proxies(self) -> Because:
        setting = next(iter(self.dovecot.elements("haproxy_trusted_networks")))
        return setting.origin, "proxies from here say who their client is"

    def _by_proxy(self, door: Door, login: Login) -> Iterator[Row]:
        """Yield the ways that a proxy has, which may say that its client has TLS, and which address and certificate.

        Nobody else gets to such a listener (``master_service_haproxy_new``, src/lib-master).
        """
        source = self._proxies(door.source.addresses)
        if source is None or not login.networks - self.doors.refused_claims(door.scope):
            return
        if login.certificate is Certificate.NONE or self._forgeable(login, door.scope):
            free = login._replace(networks=EVERYWHERE)
            unknown = self._lost_name if login.mechanism == "EXTERNAL" else ()
            row = self._row(door, free, source, tls=False, because=(self._why_proxies,), unknown=unknown)
            yield row._replace(certificate=Certificate.NONE)
        elif door.tls.possible:
            yield from self._over_tls(door, login, source)

    def _forgeable(self, login: Login, scope: Scope) -> bool:
        """Whether a proxy's word stands for a certificate.

        That there was a valid certificate at all is believed since 2.4.4 (``haproxy_ssl_client_cert``).
        """
        if self.dovecot.is_on("auth_ssl_require_client_cert", self.dovecot.auth.scope(scope.protocol)):
            return self.dovecot.is_at_least(2, 4, 4)
        return login.mechanism == "EXTERNAL"

    @property
    def _lost_name(self) -> tuple[Unknown, ...]:
        """What is not known of a name that a proxy gives.

        2.4.0 and 2.4.1 use it after its memory is freed (it is copied since 2.4.2, master-service-haproxy.c): at times
        it is the name, at times something else (tests/live).
        """
        if self.dovecot.dialect == "2.3" or self.dovecot.is_at_least(2, 4, 2):
            return ()
        return (Unknown("the certificate's name that a proxy gives", "2.4.0 and 2.4.1 read it from freed memory"),)

    # ----------------------------------------------------------------------------------------------------------------

    def _row(
        self,
        door: Door,
        login: Login,
        source: Source,
        *,
        tls: bool,
        because: Iterable[Because] = (),
        unknown: Iterable[Unknown] = (),
    ) -> Row:
        listener = door.listener
        right = login.right
        if right is Right.READ and listener.service == SUBMISSION:
            right = Right.RELAY
        return Row(
            source=source,
            listener=listener,
            tls=tls,
            certificate=login.certificate,
            mechanisms=(login.mechanism,),
            secret=login.secret,
            users=login.users,
            right=right,
            because=(*login.because, *because),
            unknown=tuple(dict.fromkeys((*login.unknown, *unknown))),
        )


def _merged(rows: Iterable[Row]) -> Iterator[Row]:
    """Join the rows that differ in their mechanism alone."""
    found: dict[Row, list[Row]] = defaultdict(list)
    for row in rows:
        found[row._replace(mechanisms=(), because=())].append(row)
    for group in found.values():
        yield group[0]._replace(
            mechanisms=tuple(dict.fromkeys(name for row in group for name in row.mechanisms)),
            because=tuple(dict.fromkeys(place for row in group for place in row.because)),
        )
