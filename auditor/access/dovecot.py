"""The ways into Dovecot: from each listener through the state of the connection to the logins that succeed there.

Source: ``client_alloc``, ``client_auth_begin_common``, ``sasl_server_auth_begin`` (src/login-common, 2.3.19.1 and
2.4.1), tried in tests/live.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.access.addresses import EVERYWHERE, INTERNET, LOOPBACK, AddressSet, parsed_address
from auditor.access.clear import Unprotected, unprotected
from auditor.access.denials import Denial, denials
from auditor.access.dovecot_listeners import InetListener, inet_listeners, networks, reachable_from
from auditor.access.dovecot_services import free_row, service_rows
from auditor.access.dovecot_tls import TlsState, Trusted
from auditor.access.logins import Login, logins
from auditor.access.rows import ANYWHERE, THIS_HOST, Certificate, Listener, Right, Row, Source
from auditor.dovecot.configuration import Scope
from auditor.model.reach import POSTFIX_SERVICE
from auditor.model.vocabulary import is_true

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.access.facts import Because, Fact, Unknown
    from auditor.dovecot.configuration import Setting
    from auditor.model import AuditedHost, Dovecot
    from auditor.text import Origin

SUBMISSION: Final = "submission"
FEW: Final = 256
"""Addresses of one small network, all of which may be proxies."""
MAX_FILTERS: Final = 20
"""Filters by the server's address, and by the client's, that are told apart."""
_WILDCARDS: Final = (parsed_address("0.0.0.0"), parsed_address("::"))  # noqa: S104


class Peers(NamedTuple):
    """The clients of one listener that one set of settings applies to."""

    source: Source
    scope: Scope
    listener: Listener
    """The listener, with those of its addresses alone to which the clients come."""


class Door(NamedTuple):
    """One listener for one kind of clients, and what TLS is there."""

    peers: Peers
    tls: Fact
    trusted: Trusted


class Proxies(NamedTuple):
    """Who may say by the PROXY protocol who a client is, and where that is listened to."""

    origin: Origin
    networks: AddressSet
    listeners: tuple[Listener, ...]

    @property
    def are_few(self) -> bool:
        """Whether they are no more than one small network has, or the host itself."""
        return (self.networks - LOOPBACK).size <= FEW

    @property
    def on_internet(self) -> bool:
        """Whether there are more than a few on the Internet."""
        return (self.networks & INTERNET).size > FEW


@dataclass(frozen=True, eq=False)
class DovecotAccess:
    """Who can get into one Dovecot instance, and how."""

    host: AuditedHost
    dovecot: Dovecot

    @cached_property
    def _tls(self) -> TlsState:
        return TlsState(self.host, self.dovecot)

    @cached_property
    def logins(self) -> dict[str, tuple[Login, ...]]:
        """The logins that succeed, by the protocols that clients log in by."""
        return {protocol: logins(self.dovecot, protocol) for protocol in self.dovecot.protocols}

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Every way in, not yet reduced to the minimal ones."""
        return (*_merged(self._login_rows()), *service_rows(self.dovecot))

    @cached_property
    def unprotected(self) -> tuple[Unprotected, ...]:
        """The logins without TLS that are open to the Internet, a place that allows them once."""
        return unprotected(
            (door.peers.listener, login, *settings)
            for door in self._doors
            if not door.peers.listener.proxied and not door.peers.listener.wrapped
            if door.peers.source.addresses & INTERNET
            for login in self.logins[door.peers.listener.service]
            if not login.needs_tls and (settings := self._open_settings(door, login))
        )

    @cached_property
    def denials(self) -> tuple[Denial, ...]:
        """The passdbs that are to keep users out, with what lets users past them."""
        return tuple(denials(self.dovecot))

    @cached_property
    def failures_let_in(self) -> dict[Setting, list[Login]]:
        """The rules of passdbs by which a login that fails is let in from elsewhere."""
        found: dict[Setting, list[Login]] = defaultdict(list)
        asked = [POSTFIX_SERVICE] if self.dovecot.asked_by_postfix else []
        for login in (one for service in (*self.logins, *asked) for one in logins(self.dovecot, service)):
            setting = login.failing.failure_rule if login.failing else None
            if setting is not None and login.networks - LOOPBACK:
                found[setting].append(login)
        return found

    @cached_property
    def trusted_networks(self) -> dict[Setting, AddressSet]:
        """The values of ``login_trusted_networks`` where clients log in."""
        found: dict[Setting, AddressSet] = {}
        for scope in dict.fromkeys(door.peers.scope for door in self._doors):
            setting = self.dovecot.get("login_trusted_networks", scope)
            if setting is not None and (trusted := networks(self.dovecot, "login_trusted_networks", scope)):
                found[setting] = trusted
        return found

    @cached_property
    def proxies(self) -> Proxies | None:
        """The proxies that may speak for their clients; None where no listener of a login service hears them."""
        listeners = tuple(dict.fromkeys(door.peers.listener for door in self._doors if door.peers.listener.proxied))
        allowed = networks(self.dovecot, "haproxy_trusted_networks")
        if not listeners or not allowed:
            return None
        return Proxies(next(iter(self.dovecot.elements("haproxy_trusted_networks"))).origin, allowed, listeners)

    @cached_property
    def _doors(self) -> tuple[Door, ...]:
        return tuple(
            self._door(listener, peers)
            for listener in inet_listeners(self.dovecot)
            if listener.protocol
            for peers in self._peers(listener)
            if not self._is_refused(peers.scope)
        )

    def _is_refused(self, scope: Scope) -> bool:
        """Whether a connection is closed because of the settings that it has.

        2.4: "auth_allow_cleartext=yes has no effect with ssl=required"; 2.3: "Conflict in setting", where a ``local``
        and a ``remote`` block both hold (tests/live).
        """
        if self.dovecot.dialect == "2.4":
            return self._requires_tls(scope) and self.dovecot.is_on("auth_allow_cleartext", scope)
        if not scope.local or not scope.remote:
            return False
        return any(self._conflicts(name, scope) for name in ("ssl", "auth_allow_cleartext", "login_trusted_networks"))

    def _conflicts(self, name: str, scope: Scope) -> bool:
        base = self.dovecot.get(name, Scope(scope.protocol))
        found = {self.dovecot.get(name, scope._replace(local="")), self.dovecot.get(name, scope._replace(remote=""))}
        return len(found - {base}) > 1

    def _login_rows(self) -> Iterator[Row]:
        """Yield the ways to log in, one for each mechanism, and what proxies may claim."""
        for listener in inet_listeners(self.dovecot):
            if listener.protocol and listener.listener.proxied:
                yield from self._claims(listener)
        for door in self._doors:
            for login in self.logins[door.peers.listener.service]:
                yield from self._by_proxy(door, login) if door.peers.listener.proxied else self._directly(door, login)

    def _peers(self, listener: InetListener) -> Iterator[Peers]:
        """Yield the kinds of clients that the filters of the configuration tell apart, server names aside.

        For a port of proxies filters go by what the proxy claims, so that they keep it from nothing.
        """
        if listener.listener.proxied:
            reach = reachable_from(listener.listener)
            yield Peers(_source(reach), Scope(listener.protocol), listener.listener)
            return
        scopes = [scope for scope in self.dovecot.scopes if scope.protocol == listener.protocol]
        locals_ = dict.fromkeys(scope.local for scope in scopes if scope.local)
        remotes = dict.fromkeys(scope.remote for scope in scopes if scope.remote)
        for local, bound_to in _parts_of(listener.listener, list(locals_)[:MAX_FILTERS]):
            rest = reachable_from(bound_to)
            for remote in sorted(list(remotes)[:MAX_FILTERS], key=lambda text: _network(text).size):
                if part := _network(remote) & rest:
                    source = _source(part, f"remote {remote}")
                    yield Peers(source, Scope(listener.protocol, local, remote), bound_to)
                    rest = rest - part
            if rest:
                name = f"outside {', '.join(remotes)}" if remotes else ""
                yield Peers(_source(rest, name), Scope(listener.protocol, local), bound_to)

    def _door(self, listener: InetListener, peers: Peers) -> Door:
        names = dict.fromkeys(
            scope.local_name for scope in self.dovecot.scopes if scope.protocol in ("", listener.protocol)
        )
        contexts = [
            self.dovecot.tls_context(peers.scope._replace(local_name=name)) for name in ("", *filter(None, names))
        ]
        # The login process sets TLS up once, by the settings without local and remote blocks (login_ssl_init).
        process = self.dovecot.tls_context(Scope(listener.protocol))
        works = self._tls.works(contexts) if process.enabled else self._tls.works([process])
        return Door(peers, works, self._tls.trusted(contexts))

    # -- connections from clients ------------------------------------------------------------------------------------

    def _directly(self, door: Door, login: Login) -> Iterator[Row]:
        """Yield the ways without TLS, then those with it: both where no one set of clients has the lesser need."""
        source = _limited(door.peers.source, login.networks)
        if login.needs_tls or door.peers.listener.wrapped:
            clear = []
        else:
            clear = [(_limited(one, login.networks & source.addresses), why) for one, why in self._clear(door, login)]
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
        scope, listener = door.peers.scope, door.peers.listener
        if settings := self._open_settings(door, login):
            ssl, cleartext = settings
            why = (
                [(cleartext.origin, f"`{cleartext.name}` lets passwords through in clear")]
                if login.is_plaintext
                else []
            )
            yield door.peers.source, (*why, (ssl.origin, "TLS is not required"))
            return
        # Connections between equal addresses; which others the host has is not known.
        if reachable_from(listener) & LOOPBACK:
            yield _limited(THIS_HOST, door.peers.source.addresses), ()
        trusted = networks(self.dovecot, "login_trusted_networks", scope)
        if trusted and not (self._requires_tls(scope) and self.dovecot.dialect == "2.4"):
            setting = next(iter(self.dovecot.elements("login_trusted_networks", scope)))
            secured = (setting.origin, "these networks count as secured")
            yield _limited(Source("login_trusted_networks", trusted), door.peers.source.addresses), (secured,)

    def _open_settings(self, door: Door, login: Login) -> tuple[Setting, Setting] | None:
        """Return ``ssl`` and ``auth_allow_cleartext`` where they let anybody log in without TLS."""
        scope = door.peers.scope
        ssl, cleartext = self.dovecot.get("ssl", scope), self.dovecot.get("auth_allow_cleartext", scope)
        if ssl is None or cleartext is None or self._requires_tls(scope):
            return None
        return None if login.is_plaintext and not is_true(cleartext.value) else (ssl, cleartext)

    def _requires_tls(self, scope: Scope) -> bool:
        ssl = self.dovecot.get("ssl", scope)
        return ssl is not None and ssl.value.lower() == "required"

    # -- connections from proxies ------------------------------------------------------------------------------------

    def _claims(self, listener: InetListener) -> Iterator[Row]:
        """Yield that proxies say who their client is (``haproxy_trusted_networks``)."""
        if source := self._proxies(reachable_from(listener.listener)):
            yield free_row(source, listener.listener, Right.CHANGE_IDENTITY, "", self._why_proxies)

    def _proxies(self, reach: AddressSet) -> Source | None:
        proxies = networks(self.dovecot, "haproxy_trusted_networks")
        source = _limited(Source("haproxy_trusted_networks", proxies), reach)
        return source if source.addresses else None

    @property
    def _why_proxies(self) -> Because:
        setting = next(iter(self.dovecot.elements("haproxy_trusted_networks")))
        return setting.origin, "proxies from here say who their client is"

    def _by_proxy(self, door: Door, login: Login) -> Iterator[Row]:
        """Yield the ways that a proxy has, which may say that its client has TLS, and which address and certificate.

        Nobody else gets to such a listener (``master_service_haproxy_new``, src/lib-master).
        """
        source = self._proxies(door.peers.source.addresses)
        if source is None:
            return
        if login.certificate is Certificate.NONE or self._forgeable(login, door.peers.scope):
            free = login._replace(networks=EVERYWHERE)
            yield self._row(door, free, source, tls=False, because=(self._why_proxies,))._replace(
                certificate=Certificate.NONE
            )
        elif door.tls.possible:
            yield from self._over_tls(door, login, source)

    def _forgeable(self, login: Login, scope: Scope) -> bool:
        """Whether a proxy's word stands for a certificate.

        2.4.0 and 2.4.1 lose the name that a proxy gives (it is copied since 2.4.2, src/lib-master); that there was a
        valid certificate at all is believed since 2.4.4 (``haproxy_ssl_client_cert``).
        """
        if self.dovecot.is_on("auth_ssl_require_client_cert", self.dovecot.auth_scope(scope.protocol)):
            return self.dovecot.is_at_least(2, 4, 4)
        return login.mechanism == "EXTERNAL" and (self.dovecot.dialect == "2.3" or self.dovecot.is_at_least(2, 4, 2))

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
        listener = door.peers.listener
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


def _source(addresses: AddressSet, name: str = "") -> Source:
    if addresses == EVERYWHERE:
        return ANYWHERE
    return Source(name or str(addresses), addresses)


def _limited(source: Source, addresses: AddressSet) -> Source:
    """Return the part of a source that is in a set, by the source's name where it is all of it."""
    both = source.addresses & addresses
    if both == source.addresses:
        return source
    return Source(source.name if source.name == THIS_HOST.name else str(both), both)


def _parts_of(listener: Listener, filters: list[str]) -> Iterator[tuple[str, Listener]]:
    """Yield the ``local`` filters that addresses of a listener are in, with these, and at last the rest with none."""
    rest = list(listener.addresses)
    for text in filters:
        inside = [address for address in rest if _network(text).covers(_bound(address))]
        if inside:
            rest = [address for address in rest if address not in inside]
            yield text, listener._replace(addresses=tuple(inside))
        elif any(_network(text) & _bound(address) for address in rest):
            yield text, listener._replace(addresses=(text,))
    if rest:
        yield "", listener._replace(addresses=tuple(rest))


def _network(text: str) -> AddressSet:
    try:
        return AddressSet.of([text])
    except ValueError:
        return EVERYWHERE


def _bound(address: str) -> AddressSet:
    return EVERYWHERE if parsed_address(address) in _WILDCARDS or address == "*" else _network(address)
