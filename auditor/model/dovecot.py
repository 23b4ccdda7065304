"""One Dovecot instance as rules see it, in the names of 2.4 whatever the dialect."""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final

from auditor.dovecot.configuration import GLOBAL, Configuration, Scope, Section, Setting
from auditor.model.auth_settings import NO_PROTOCOL, AuthSettings
from auditor.model.client_certificates import ClientCertificates
from auditor.model.dovecot_databases import dovecot_database_links
from auditor.model.dovecot_tls import DovecotTls
from auditor.model.listeners import LoginListeners
from auditor.model.passdb_views import passdbs_by_scope
from auditor.model.reach import POSTFIX_SERVICE
from auditor.model.tls_policy import DEFAULT_POLICY, policies
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Collection

    from auditor.host import Host
    from auditor.model.database_links import DatabaseLink, UnknownLink
    from auditor.model.dovecot_settings import Element
    from auditor.model.passdb import Passdb
    from auditor.model.tls_policy import Policy
    from auditor.text import Origin

MAX_PROTOCOLS: Final = 50
"""Protocols with a block of their own whose passdbs are looked at."""


class Dovecot(DovecotTls):
    """What one Dovecot instance does.

    ``asked_by_postfix`` says whether a Postfix on the same host authenticates its clients here.
    """

    def __init__(
        self, configuration: Configuration, host: Host, policy: Policy | None = None, *, asked_by_postfix: bool
    ) -> None:
        super().__init__(configuration, host, policy or policies()[DEFAULT_POLICY])
        self.asked_by_postfix = asked_by_postfix

    @cached_property
    def auth_scopes(self) -> tuple[Scope, ...]:
        """A scope for each protocol whose logins the auth service decides, Postfix's included when it asks here.

        Where no protocol is known, the global settings stand for all.
        """
        filtered = {scope.protocol for scope in self.configuration.scopes()}
        names = [*self.protocols, *([POSTFIX_SERVICE] if self.asked_by_postfix or POSTFIX_SERVICE in filtered else [])]
        return tuple(Scope(protocol=name) for name in names) or (GLOBAL,)

    @cached_property
    def auth(self) -> AuthSettings:
        """Which settings and passdbs the auth service uses."""
        return AuthSettings(self)

    @cached_property
    def mechanisms(self) -> dict[str, Element]:
        """The SASL mechanisms offered, in lower case.

        Only the global setting counts: one in a protocol block changes nothing (``mech_register_init`` in
        src/auth/main.c, 2.3.19.1; tried on 2.3.19, 2.4.1 and 2.4.5).
        """
        return {element.name.lower(): element for element in self.elements("auth_mechanisms", self.auth.scope())}

    @cached_property
    def _passdbs(self) -> dict[Scope, tuple[Passdb, ...]]:
        protocols = dict.fromkeys(Scope(protocol=scope.protocol) for scope in self.configuration.scopes())
        named = islice(protocols, MAX_PROTOCOLS)
        scopes = (GLOBAL, *self.auth_scopes, Scope(protocol=POSTFIX_SERVICE), *named, Scope(protocol=NO_PROTOCOL))
        return passdbs_by_scope(self.configuration, self.host, scopes)

    def passdbs_in(self, scope: Scope) -> tuple[Passdb, ...]:
        """Return the passdbs that apply to a scope, in their order."""
        return self._passdbs.get(scope, self._passdbs[GLOBAL])

    @cached_property
    def passdbs(self) -> tuple[Passdb, ...]:
        """Every passdb: those of one protocol first, then the global ones."""
        found = dict.fromkeys(passdb for applying in self._passdbs.values() for passdb in applying)
        return tuple(sorted(found, key=lambda passdb: not passdb.protocol))

    @property
    def takes_names_from_certificates(self) -> bool:
        """Whether logins get their user name from the client's certificate.

        The setting counts where it is global: auth takes the name before it looks up the settings of the protocol (seen
        on 2.3.19, 2.4.1 and 2.4.5, tests/live).
        """
        return self.is_on("auth_ssl_username_from_cert", self.auth.scope())

    @cached_property
    def userdbs(self) -> tuple[tuple[str, Section], ...]:
        """The blocks of userdbs that apply to some protocol, each behind its driver; in 2.4 that may be its name."""
        name = "userdb_driver" if self.dialect == "2.4" else "driver"
        blocks = {
            section.origin: section
            for scope in self.auth_scopes
            for section in self.configuration.sections("userdb", scope)
        }
        named = ((section.get(name), section) for section in blocks.values())
        return tuple(((setting.value if setting else "") or section.name, section) for setting, section in named)

    def databases_asked(self, drivers: Collection[str]) -> dict[str, Origin]:
        """Return the passdbs and userdbs of some drivers, in words, with their places."""
        found: dict[str, Origin] = {one.title: one.origin for one in self.passdbs if one.driver in drivers}
        for driver, section in self.userdbs:
            if driver in drivers:
                found[shortened(f"userdb {section.name or f'({driver})'}")] = section.origin
        return found

    def socket_modes(self, service: str, socket: str) -> list[Setting]:
        """Return the modes that the files give a UNIX socket of a service; ``0`` switches it off."""
        name = "unix_listener_mode" if self.dialect == "2.4" else "mode"
        listeners = (
            listener
            for block in self.configuration.sections("service")
            if block.name == service
            for listener in block.sections("unix_listener")
            if listener.name == socket
        )
        return [mode for listener in listeners if (mode := listener.get(name)) and mode.origin.span]

    @cached_property
    def database_links(self) -> tuple[DatabaseLink | UnknownLink, ...]:
        """The connections to databases with users that are not safe."""
        return tuple(dovecot_database_links(self))

    @cached_property
    def client_certificates(self) -> ClientCertificates:
        """What certificates of clients are for here, and whether they can be it."""
        return ClientCertificates(self)

    @cached_property
    def listeners(self) -> LoginListeners:
        """Where clients connect to log in."""
        return LoginListeners(self)
