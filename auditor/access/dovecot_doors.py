"""The doors of Dovecot's login services: each listener, for each kind of clients, with the settings that apply there.

Source: ``client_alloc`` and ``login_ssl_init`` (src/login-common, 2.3.19.1 and 2.4.1), tried in tests/live.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.access.addresses import EVERYWHERE, AddressSet, parsed_address
from auditor.access.dovecot_listeners import reachable_from
from auditor.access.dovecot_tls import TlsState, Trusted
from auditor.access.rows import ANYWHERE, THIS_HOST, Listener, Source
from auditor.dovecot.configuration import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.access.dovecot_listeners import InetListener
    from auditor.access.facts import Fact
    from auditor.model import AuditedHost, Dovecot

MAX_FILTERS: Final = 20
"""Filters by the server's address, and by the client's, that are told apart."""
_WILDCARDS: Final = (parsed_address("0.0.0.0"), parsed_address("::"))  # noqa: S104 - compared, never bound to


class Peers(NamedTuple):
    """The clients of one listener that one set of settings applies to."""

    source: Source
    scope: Scope
    listener: Listener
    """The listener, with those of its addresses alone to which the clients come."""


class Door(NamedTuple):
    """One listener for one kind of clients, and what TLS is there."""

    listener: Listener
    source: Source
    scope: Scope
    tls: Fact
    trusted: Trusted


@dataclass(frozen=True, eq=False)
class Doors:
    """The doors of one Dovecot instance."""

    host: AuditedHost
    dovecot: Dovecot
    ports: Sequence[InetListener]

    @cached_property
    def all(self) -> tuple[Door, ...]:
        """Every door that is not shut for all."""
        return tuple(
            Door(peers.listener, peers.source, peers.scope, *self._tls_of(peers.scope))
            for listener in self.ports
            if listener.protocol
            for peers in self._peers(listener)
            if not self._is_refused(peers.scope)
        )

    def requires_tls(self, scope: Scope) -> bool:
        """Whether nobody logs in there without TLS, but who counts as secured."""
        ssl = self.dovecot.get("ssl", scope)
        return ssl is not None and ssl.value.lower() == "required"

    def refused_claims(self, scope: Scope) -> AddressSet:
        """Return the addresses whose clients are refused for the settings that a ``remote`` block has for them.

        The client of a proxy is refused by the address that the proxy claims for it (tests/live).
        """
        remotes = dict.fromkeys(one.remote for one in self.dovecot.scopes if one.protocol == scope.protocol)
        refused = (_network(one).ranges for one in remotes if one and self._is_refused(scope._replace(remote=one)))
        return AddressSet.of_ranges([part for ranges in refused for part in ranges])

    def _is_refused(self, scope: Scope) -> bool:
        """Whether a connection is closed because of the settings that it has.

        2.4: "auth_allow_cleartext=yes has no effect with ssl=required"; 2.3: "Conflict in setting", where a ``local``
        and a ``remote`` block both hold (tests/live).
        """
        if self.dovecot.dialect == "2.4":
            return self.requires_tls(scope) and self.dovecot.is_on("auth_allow_cleartext", scope)
        if not scope.local or not scope.remote:
            return False
        return any(self._conflicts(name, scope) for name in ("ssl", "auth_allow_cleartext", "login_trusted_networks"))

    def _conflicts(self, name: str, scope: Scope) -> bool:
        base = self.dovecot.get(name, Scope(scope.protocol))
        found = {self.dovecot.get(name, scope._replace(local="")), self.dovecot.get(name, scope._replace(remote=""))}
        return len(found - {base}) > 1

    def _peers(self, listener: InetListener) -> Iterator[Peers]:
        """Yield the kinds of clients that the filters of the configuration tell apart, server names aside.

        For a port of proxies filters go by what the proxy claims, so that they keep it from nothing.
        """
        if listener.listener.proxied:
            reach = reachable_from(listener.listener)
            yield Peers(source_of(reach), Scope(listener.protocol), listener.listener)
            return
        scopes = [scope for scope in self.dovecot.scopes if scope.protocol == listener.protocol]
        locals_ = dict.fromkeys(scope.local for scope in scopes if scope.local)
        remotes = dict.fromkeys(scope.remote for scope in scopes if scope.remote)
        for local, bound_to in _parts_of(listener.listener, list(locals_)[:MAX_FILTERS]):
            rest = reachable_from(bound_to)
            for remote in sorted(list(remotes)[:MAX_FILTERS], key=lambda text: _network(text).size):
                if part := _network(remote) & rest:
                    source = source_of(part, f"remote {remote}")
                    yield Peers(source, Scope(listener.protocol, local, remote), bound_to)
                    rest = rest - part
            if rest:
                name = f"outside {', '.join(remotes)}" if remotes else ""
                yield Peers(source_of(rest, name), Scope(listener.protocol, local), bound_to)

    def _tls_of(self, scope: Scope) -> tuple[Fact, Trusted]:
        """Return whether TLS works, and whether client certificates can be good, by whatever server name."""
        known = self._known_tls.get(scope)
        if known is None:
            scopes = self.dovecot.scopes
            names = dict.fromkeys(one.local_name for one in scopes if one.protocol in ("", scope.protocol))
            contexts = [
                self.dovecot.tls_context(scope._replace(local_name=name)) for name in ("", *filter(None, names))
            ]
            # The login process sets TLS up once, by the settings without local and remote blocks.
            process = self.dovecot.tls_context(Scope(scope.protocol))
            works = self._tls.works(contexts) if process.enabled else self._tls.works([process])
            known = self._known_tls[scope] = (works, self._tls.trusted(contexts))
        return known

    @cached_property
    def _known_tls(self) -> dict[Scope, tuple[Fact, Trusted]]:
        return {}

    @cached_property
    def _tls(self) -> TlsState:
        return TlsState(self.host, self.dovecot)


def source_of(addresses: AddressSet, name: str = "") -> Source:
    """Return some addresses as a source, by a name or by themselves."""
    if addresses == EVERYWHERE:
        return ANYWHERE
    return Source(name or str(addresses), addresses)


def limited(source: Source, addresses: AddressSet) -> Source:
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
