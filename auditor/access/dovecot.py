"""What is known of one Dovecot instance's ways in, as rules ask it."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.access.addresses import INTERNET, LOOPBACK, AddressSet
from auditor.access.certificate_logins import CertificateLogins
from auditor.access.certificate_names import FieldInUse, fields_in_use
from auditor.access.clear import Unprotected, unprotected
from auditor.access.denials import Denial, denials
from auditor.access.denied_fields import DeniedField, denied_fields
from auditor.access.dovecot_doors import Doors
from auditor.access.dovecot_listeners import InetListener, UnixListener, inet_listeners, networks, unix_listeners
from auditor.access.dovecot_logins import LoginRows
from auditor.access.dovecot_services import service_rows
from auditor.access.external_users import ExternalUsers, external_users
from auditor.access.logins import AuthService, Login, view_of
from auditor.access.open_passdbs import OpenPassdbs
from auditor.access.rows import Secret
from auditor.access.user_drift import Drift, drifts
from auditor.model.reach import POSTFIX_SERVICE

if TYPE_CHECKING:
    from auditor.access.dovecot_doors import Door
    from auditor.access.rows import Listener, Row
    from auditor.dovecot.configuration import Setting
    from auditor.model import AuditedHost, Dovecot
    from auditor.model.passdb import Passdb
    from auditor.text import Origin

FEW: Final = 256
"""Addresses of one small network, all of which may be proxies."""


SAME_FOR_ALL: Final = frozenset({Secret.ANY_PASSWORD, Secret.EMPTY_PASSWORD, Secret.ONE_PASSWORD})
"""What everybody may know who knows what one user knows."""


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
        self._auth: dict[tuple[object, ...], AuthService] = {}

    def auth_service(self, protocol: str) -> AuthService:
        """Return the auth service as a protocol sees it."""
        view = view_of(self.dovecot, protocol)
        if view not in self._auth:
            self._auth[view] = AuthService(self.dovecot, protocol)
        return self._auth[view]

    @cached_property
    def auth_services(self) -> dict[str, AuthService]:
        """The auth service by protocol, Postfix's included if that may ask; by no name where none is known."""
        return {scope.protocol: self.auth_service(scope.protocol) for scope in self.dovecot.auth_scopes}

    @cached_property
    def logins(self) -> dict[str, tuple[Login, ...]]:
        """The logins that succeed, by the protocols that clients log in by."""
        return {protocol: self.auth_service(protocol).logins for protocol in self.dovecot.protocols}

    @cached_property
    def open_passdbs(self) -> OpenPassdbs:
        """The passdbs that let people in who know nothing."""
        return OpenPassdbs(self.dovecot, self.auth_services)

    @cached_property
    def static_logins(self) -> dict[Passdb, dict[str, Login]]:
        """The static passdbs that let others in under every name, each with one login a protocol."""
        found: dict[Passdb, dict[str, Login]] = defaultdict(dict)
        for service, auth in self.auth_services.items():
            for login in auth.logins if self._is_open_to_others(service) else ():
                passdb = login.passdb
                if passdb is None or passdb.driver != "static" or login.by_failure or login.proxied:
                    continue
                if login.secret in SAME_FOR_ALL and login.networks - LOOPBACK:
                    found[passdb].setdefault(service, login)
        return found

    def _is_open_to_others(self, service: str) -> bool:
        """Whether other hosts get to a service: Postfix listens for itself, as may whatever is not known."""
        beyond = {door.listener.service for door in self._doors if door.source.addresses - LOOPBACK}
        return service in ("", POSTFIX_SERVICE, *beyond)

    @cached_property
    def certificate_logins(self) -> CertificateLogins:
        """What EXTERNAL does at the protocols that clients log in by."""
        return CertificateLogins(self.auth_service(protocol) for protocol in self.dovecot.protocols)

    @cached_property
    def username_fields(self) -> tuple[FieldInUse, ...]:
        """The settings that decide which name a certificate gives."""
        return tuple(fields_in_use(self.dovecot, self.certificate_logins.passdbs))

    @cached_property
    def external_users(self) -> tuple[ExternalUsers, ...]:
        """The passdbs that were made for certificate logins only."""
        return tuple(external_users(self.dovecot))

    @cached_property
    def drifts(self) -> tuple[Drift, ...]:
        """What became of the users of certificate logins among the other users."""
        return tuple(drifts(self.dovecot, self.certificate_logins.passdbs))

    @cached_property
    def denied_fields(self) -> tuple[DeniedField, ...]:
        """The boolean fields that are given a no, those of many users once."""
        return tuple(found for passdb in self.dovecot.passdbs for found in denied_fields(passdb))

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

    def ports_on_internet(self, service: str) -> list[Row]:
        """Return the ways in at the ports of a service that are open to the Internet."""
        rows = (row for row in self.rows if row.listener.service == service)
        return [row for row in rows if row.listener.port and row.source.addresses & INTERNET]

    def open_sockets(self, service: str) -> list[Row]:
        """Return the ways in at the UNIX sockets of a service that are open to every program of the host."""
        return [row for row in self.rows if row.listener.service == service and row.listener.path]

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
        for login in (one for auth in self.auth_services.values() for one in auth.logins):
            setting = login.passdb.failure_rule if login.passdb and login.by_failure else None
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

    @property
    def hears_proxies(self) -> bool:
        """Whether a listener of a login service hears proxies, in front of which certificates may be verified."""
        return any(door.listener.proxied for door in self._doors)

    @cached_property
    def proxies(self) -> Proxies | None:
        """The proxies that may speak for their clients; None where no listener of a login service hears them."""
        listeners = tuple(dict.fromkeys(door.listener for door in self._doors if door.listener.proxied))
        allowed = networks(self.dovecot, "haproxy_trusted_networks")
        if not listeners or not allowed:
            return None
        return Proxies(next(iter(self.dovecot.elements("haproxy_trusted_networks"))).origin, allowed, listeners)
