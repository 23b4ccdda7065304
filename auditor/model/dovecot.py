"""One Dovecot instance as rules see it, in the names of 2.4 whatever the dialect."""

from __future__ import annotations

import posixpath
import re
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.dovecot.configuration import GLOBAL, Configuration, Scope, Section, Setting
from auditor.files.dh import dh_bits
from auditor.host import Unreadable
from auditor.model.auth_settings import NO_PROTOCOL, AuthSettings
from auditor.model.client_certificates import ClientCertificates
from auditor.model.dovecot_databases import dovecot_database_links
from auditor.model.files import FileUse, KeyPair, TrustUse
from auditor.model.listeners import LOGIN_SERVICES, LoginListeners
from auditor.model.openssl import OpenSsl, openssl_of
from auditor.model.passdb_views import passdbs_by_scope
from auditor.model.reach import POSTFIX_SERVICE
from auditor.model.tls import TlsContext, where
from auditor.model.tls_policy import DEFAULT_POLICY, policies
from auditor.model.tls_strength import read_ciphers
from auditor.model.vocabulary import INVERTED_IN_23, is_true, spelled
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from auditor.host import Host
    from auditor.model.database_links import DatabaseLink, UnknownLink
    from auditor.model.passdb import Passdb
    from auditor.model.tls_policy import Policy
    from auditor.text import Origin

MAX_PROTOCOLS: Final = 50
"""Protocols with a block of their own whose passdbs are looked at."""


class Element(NamedTuple):
    """One element of a list setting and where it is said."""

    name: str
    origin: Origin


class Dovecot:
    """What one Dovecot instance does.

    ``asked_by_postfix`` says whether a Postfix on the same host authenticates its clients here.
    """

    def __init__(
        self, configuration: Configuration, host: Host, policy: Policy | None = None, *, asked_by_postfix: bool
    ) -> None:
        self.configuration = configuration
        self.host = host
        self.policy = policy or policies()[DEFAULT_POLICY]
        self.dialect = configuration.dialect
        self.version = configuration.version
        self.asked_by_postfix = asked_by_postfix

    def spelled(self, name: str) -> str:
        """Return how this configuration's dialect spells a setting."""
        return spelled(name, self.dialect)

    def get(self, name: str, scope: Scope = GLOBAL) -> Setting | None:
        """Return a setting by its 2.4 name: spelled as in the user's dialect, its value in 2.4's sense.

        None when the version has no such setting.
        """
        setting = self.configuration.get(self.spelled(name), scope)
        if setting is not None and self.dialect == "2.3" and name in INVERTED_IN_23:
            return setting._replace(value="no" if is_true(setting.value) else "yes")
        return setting

    def shown(self, setting: Setting) -> str:
        """Return a setting that ``get`` gave as the user spells it, for a message."""
        name, value = setting.name.rpartition("/")[2], setting.value
        if self.dialect == "2.3" and name in map(self.spelled, INVERTED_IN_23):
            value = "no" if is_true(value) else "yes"
        return f"`{name} = {shortened(value)}`"

    def is_on(self, name: str, scope: Scope = GLOBAL) -> bool:
        """Whether a boolean setting is true."""
        setting = self.get(name, scope)
        return setting is not None and is_true(setting.value)

    def elements(self, name: str, scope: Scope = GLOBAL) -> list[Element]:
        """Return the elements of a list setting: a boolean list in 2.4, words in 2.3 and of what is no list in 2.4."""
        if self.dialect == "2.4" and (items := self.configuration.items(name, scope)):
            return [Element(item.name, item.origin) for item in items]
        setting = self.get(name, scope)
        return [Element(word, setting.origin) for word in setting.value.split()] if setting else []

    def spellings(self, name: str) -> list[Setting]:
        """Return every effective value that a setting has in the scopes that matter, each place once."""
        found: dict[tuple[str, Origin], Setting] = {}
        for scope in (GLOBAL, *self.scopes):
            if setting := self.get(name, scope):
                found[setting.value, setting.origin] = setting
        return list(found.values())

    @cached_property
    def protocols(self) -> tuple[str, ...]:
        """The protocols that clients log in by, in effect."""
        names = {element.name.lower() for element in self.elements("protocols")}
        return tuple(protocol for protocol in LOGIN_SERVICES if protocol in names)

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
    def scopes(self) -> tuple[Scope, ...]:
        """Every scope of a login connection that the files distinguish: each protocol with each filter."""
        protocols = self.protocols or ("",)
        found: dict[Scope, None] = {Scope(protocol=protocol): None for protocol in protocols}
        for scope in self.configuration.scopes():
            for protocol in protocols:
                if scope.protocol in ("", protocol) or (
                    scope.protocol.startswith("!") and scope.protocol[1:] != protocol
                ):
                    found[scope._replace(protocol=protocol)] = None
        return tuple(found)

    # -- authentication ------------------------------------------------------------------------------------------------

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

    @property
    def version_numbers(self) -> tuple[int, ...]:
        """The version in numbers, empty where it has none."""
        return tuple(int(number) for number in re.findall(r"\d{1,9}", self.version)[:4])

    @property
    def knows_mechanism_filters(self) -> bool:
        """Whether this version has ``mechanisms`` in passdbs, which came with 2.2.28."""
        return self.is_at_least(2, 2, 28)

    def is_at_least(self, *numbers: int) -> bool:
        """Whether this version is that one or a later one; one that is not known is taken to be."""
        own = self.version_numbers[: len(numbers)]
        return not own or own >= numbers

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

    # -- TLS -----------------------------------------------------------------------------------------------------------

    @cached_property
    def tls_contexts(self) -> tuple[TlsContext, ...]:
        """The TLS settings of every kind of login connection."""
        return tuple(self.tls_context(scope) for scope in self.scopes)

    @cached_property
    def openssl(self) -> OpenSsl:
        """The OpenSSL of its host."""
        return openssl_of(self.host)

    def dh_bits(self, setting: Setting) -> int | Unreadable | None:
        """Return the size of the Diffie-Hellman prime that a setting gives, 0 for a file without; None for no file."""
        if setting.value.isdigit():
            return int(setting.value)
        use = self.file_use(setting)
        if use is None:
            return None
        data = self.host.read_bytes(use.name)
        return data if isinstance(data, Unreadable) else dh_bits(data) or 0

    @cached_property
    def security_level(self) -> int:
        """OpenSSL's security level of the connections, the lowest where cipher lists set several."""
        lists = (read_ciphers(setting.value, self.openssl) for setting in self.tls_settings("ciphers"))
        return min((one.level for one in lists if one), default=self.openssl.level)

    def tls_settings(self, *names: str) -> dict[Setting, str]:
        """Return the values of some fields of TlsContext where TLS is on, each with the connections it is for."""
        found: dict[Setting, list[TlsContext]] = {}
        for context in self.tls_contexts:
            if context.enabled:
                for setting in (getattr(context, name) for name in names):
                    if setting is not None:
                        found.setdefault(setting, []).append(context)
        return {setting: where(contexts, self.protocols) for setting, contexts in found.items()}

    def tls_context(self, scope: Scope) -> TlsContext:
        """Return the TLS settings of one kind of connection."""
        # The server name comes too late to ask for a certificate or not (seen on 2.3.19, 2.4.1 and 2.4.5, tests/live).
        connection = scope._replace(local_name="")
        return TlsContext(
            scope=scope,
            ssl=self.get("ssl", scope),
            certificate=self.get("ssl_server_cert_file", scope),
            key=self.get("ssl_server_key_file", scope),
            alt_certificate=self.get("ssl_server_alt_cert_file", scope),
            alt_key=self.get("ssl_server_alt_key_file", scope),
            dh=self.get("ssl_server_dh_file", scope),
            dh_length=self.get("ssl_dh_parameters_length", scope),
            protocols=self.get("ssl_min_protocol", scope) or self.get("ssl_protocols", scope),
            ciphers=self.get("ssl_cipher_list", scope),
            ca=self.get("ssl_server_ca_file", scope),
            request_client_cert=self.get("ssl_server_request_client_cert", connection),
            require_crl=self.get("ssl_server_require_crl", scope),
            username_field=self.get("ssl_server_cert_username_field", scope),
            username_from_cert=self.get("auth_ssl_username_from_cert"),
            require_client_cert=self.get("auth_ssl_require_client_cert", scope),
        )

    def file_use(self, setting: Setting | None) -> FileUse | None:
        """Return the file that a setting names, or None when it names none.

        In 2.3 a file is named by ``<path``; in 2.4 by the path itself, relative to the configuration file.
        """
        if setting is None or not setting.literal:
            return None
        name = setting.file
        if (
            name is None
            and self.dialect == "2.4"
            and setting.value
            and not setting.value.startswith(("inline:", "<"))
            and "\n" not in setting.value
        ):
            name = setting.value
        if name is None or "%" in name:
            return None
        if not name.startswith("/"):
            origin = setting.origin.span
            name = posixpath.join(
                posixpath.dirname(origin.file.name if origin else self.configuration.main_file.name), name
            )
        return FileUse("dovecot", setting.name.rpartition("/")[2], posixpath.normpath(name), setting.origin)

    @cached_property
    def key_pairs(self) -> tuple[KeyPair, ...]:
        """The server certificates with their keys, of every scope in which TLS is on."""
        found: dict[KeyPair, None] = {}
        for context in self.tls_contexts:
            if context.enabled:
                for certificate, key in (
                    (context.certificate, context.key),
                    (context.alt_certificate, context.alt_key),
                ):
                    certificate_use, key_use = self.file_use(certificate), self.file_use(key)
                    if certificate_use and key_use:
                        found[KeyPair(certificate_use, key_use, self._key_password(context))] = None
        return tuple(found)

    def _key_password(self, context: TlsContext) -> str | None:
        setting = self.get("ssl_server_key_password", context.scope)
        use = self.file_use(setting) if setting is not None and setting.file else None
        if use is not None:
            text = self.host.read_text(use.name)
            return None if isinstance(text, Unreadable) else text.text
        return setting.value if setting is not None and setting.value else None

    @cached_property
    def key_files(self) -> tuple[FileUse, ...]:
        """Every private key file that is named, in whatever scope."""
        names = ("ssl_server_key_file", "ssl_server_alt_key_file", "ssl_client_key_file")
        return tuple(self._uses(names))

    @cached_property
    def certificate_files(self) -> tuple[FileUse, ...]:
        """Every certificate file that is named, in whatever scope."""
        names = ("ssl_server_cert_file", "ssl_server_alt_cert_file", "ssl_client_cert_file")
        return tuple(self._uses(names))

    @cached_property
    def client_ca_files(self) -> tuple[FileUse, ...]:
        """Every file of CA certificates for client certificates, in whatever scope."""
        return tuple(self._uses(("ssl_server_ca_file",)))

    def _uses(self, names: Sequence[str]) -> Iterator[FileUse]:
        found: dict[FileUse, None] = {}
        for name in names:
            for setting in self.spellings(name):
                if use := self.file_use(setting):
                    found[use] = None
        yield from found

    @cached_property
    def trust(self) -> tuple[TrustUse, ...]:
        """The CA files that client certificates are verified against, as each kind of connection uses them."""
        found: dict[TrustUse, None] = {}
        for context in self.tls_contexts:
            if context.enabled and (use := self.file_use(context.ca)):
                trust = TrustUse(
                    use,
                    context.asks,
                    context.checks_crl,
                    context.certificate_counts,
                    refuses_nul=self.dialect == "2.4",
                    refuses_empty=self.dialect == "2.3" or self.version.startswith(("2.4.0", "2.4.1")),
                )
                found[trust] = None
        return tuple(found)
