"""What is known of one Dovecot instance's ways in, as rules ask it."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.access.addresses import INTERNET, LOOPBACK, AddressSet
from auditor.access.clear import Unprotected, unprotected
from auditor.access.denials import Denial, denials
from auditor.access.dovecot_doors import Doors
from auditor.access.dovecot_listeners import InetListener, UnixListener, inet_listeners, networks, unix_listeners
from auditor.access.dovecot_logins import LoginRows
from auditor.access.dovecot_services import service_rows
from auditor.access.logins import Login, logins, view_of
from auditor.model.reach import POSTFIX_SERVICE

if TYPE_CHECKING:
    from auditor.access.dovecot_doors import Door
    from auditor.access.rows import Listener, Row
    from auditor.dovecot.configuration import Setting
    from auditor.model import AuditedHost, Dovecot
    from auditor.text import Origin

FEW: Final = 256
"""Addresses of one small network, all of which may be proxies."""


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


class DovecotAccess:
    """Who can get into one Dovecot instance, and how."""

    def __init__(self, host: AuditedHost, dovecot: Dovecot) -> None:
        self.host = host
        self.dovecot = dovecot
        self._logins: dict[tuple[object, ...], tuple[Login, ...]] = {}

    @cached_property
    def logins(self) -> dict[str, tuple[Login, ...]]:
        """The logins that succeed, by the protocols that clients log in by."""
        return {protocol: self.logins_by(protocol) for protocol in self.dovecot.protocols}

    def logins_by(self, service: str) -> tuple[Login, ...]:
        """Return the logins that succeed for a protocol such as ``imap``, or for ``smtp``, which is Postfix's."""
        view = view_of(self.dovecot, service)
        if view not in self._logins:
            self._logins[view] = logins(self.dovecot, service)
        return self._logins[view]

    @cached_property
    def ports(self) -> tuple[InetListener, ...]:
        """The ports on which its services listen."""
        return tuple(inet_listeners(self.dovecot))

    @cached_property
    def sockets(self) -> tuple[UnixListener, ...]:
        """The UNIX sockets on which its services listen."""
        return tuple(unix_listeners(self.dovecot))

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Every way in, not yet reduced to the minimal ones."""
        return (*self._login_rows.rows(), *service_rows(self.dovecot, self.ports, self.sockets))

    @cached_property
    def _doors(self) -> tuple[Door, ...]:
        return self._login_rows.doors.all

    @cached_property
    def _login_rows(self) -> LoginRows:
        return LoginRows(self.dovecot, Doors(self.host, self.dovecot, self.ports), self.logins)

    @cached_property
    def unprotected(self) -> tuple[Unprotected, ...]:
        """The logins without TLS that are open to the Internet, a place that allows them once."""
        return unprotected(
            (door.listener, login, *settings)
            for door in self._doors
            if not door.listener.proxied and not door.listener.wrapped
            if door.source.addresses & INTERNET
            for login in self.logins[door.listener.service]
            if not login.needs_tls and (settings := self._login_rows.open_settings(door, login))
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
        for login in (one for service in (*self.logins, *asked) for one in self.logins_by(service)):
            setting = login.failing.failure_rule if login.failing else None
            if setting is not None and login.networks - LOOPBACK:
                found[setting].append(login)
        return found

    @cached_property
    def trusted_networks(self) -> dict[Setting, AddressSet]:
        """The values of ``login_trusted_networks`` where clients log in."""
        found: dict[Setting, AddressSet] = {}
        for scope in dict.fromkeys(door.scope for door in self._doors):
            setting = self.dovecot.get("login_trusted_networks", scope)
            if setting is not None and (trusted := networks(self.dovecot, "login_trusted_networks", scope)):
                found[setting] = trusted
        return found

    @cached_property
    def proxies(self) -> Proxies | None:
        """The proxies that may speak for their clients; None where no listener of a login service hears them."""
        listeners = tuple(dict.fromkeys(door.listener for door in self._doors if door.listener.proxied))
        allowed = networks(self.dovecot, "haproxy_trusted_networks")
        if not listeners or not allowed:
            return None
        return Proxies(next(iter(self.dovecot.elements("haproxy_trusted_networks"))).origin, allowed, listeners)
