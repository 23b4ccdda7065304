"""One Postfix instance as rules see it: its smtpd services, and the files it names."""

from __future__ import annotations

import posixpath
import re
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.files.dh import dh_bits
from auditor.files.tables import Kind, Table, UnreadableTable, read_table
from auditor.host import Unreadable
from auditor.model.access_tables import AccessTables
from auditor.model.files import FileUse, KeyPair, TrustUse
from auditor.model.keys import Match, match, match_chain
from auditor.model.openssl import OpenSsl, openssl_of
from auditor.model.postfix_databases import postfix_database_links
from auditor.model.postfix_tables import NamedTable, named_tables
from auditor.model.postfix_tls import TlsUse, tls_uses
from auditor.model.smtp_client import SmtpClient
from auditor.model.smtpd import SmtpdService, TlsLevel
from auditor.model.tls_policy import DEFAULT_POLICY, policies
from auditor.model.unread import Deprecated, Unread, commented_values, deprecated_settings, unread_settings
from auditor.postfix.defaults import Kind as ParameterKind
from auditor.postfix.defaults import version_numbers
from auditor.postfix.restrictions import restrictions
from auditor.syntax.postfix_lines import words
from auditor.text import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.host import Host
    from auditor.model.database_links import DatabaseLink, UnknownLink
    from auditor.model.tls_policy import Policy
    from auditor.postfix.configuration import Configuration, Parameter, Service
    from auditor.postfix.restrictions import Restriction
    from auditor.syntax.postfix import Assignment
    from auditor.text import Span

TLS_PROGRAMS: Final = ("smtpd", "smtp", "lmtp")
"""Programs whose certificates and keys have parameters of their own."""
_VERBOSE: Final = re.compile(r"(?<=\s)-v+(?=\s|$)")
NAMING_PROGRAMS: Final = frozenset({"lmtp", "postscreen", "smtp", "smtpd", "tlsproxy"})
"""Programs that alone read the parameters named after them."""


class SniChain(NamedTuple):
    """An entry of tls_server_sni_maps: the server name, or the parent domain behind a dot, and the files for it."""

    name: str
    files: tuple[FileUse, ...]


class Postfix:
    """What one Postfix instance does."""

    def __init__(self, configuration: Configuration, host: Host, policy: Policy | None = None) -> None:
        self.configuration = configuration
        self.host = host
        self.policy = policy or policies()[DEFAULT_POLICY]
        self.version = configuration.version
        self.tables = AccessTables(host)

    @property
    def version_numbers(self) -> tuple[int, ...]:
        """The version as numbers, for comparing."""
        return version_numbers(self.version)

    @property
    def version_is_assumed(self) -> bool:
        """Whether neither the host nor the user tells the version."""
        return self.configuration.version_from == "assumed"

    @cached_property
    def smtpd_services(self) -> tuple[SmtpdService, ...]:
        """Every smtpd service that is switched on; without a master.cf the one that every distribution has."""
        if self.configuration.master_file is None:
            return (SmtpdService(self, None),)
        services = (
            service for service in self.configuration.services if service.enabled and service.program == "smtpd"
        )
        return tuple(SmtpdService(self, service) for service in services)

    @cached_property
    def smtp_client(self) -> SmtpClient | None:
        """The SMTP client that mail leaves by; None where default_transport names no smtp service that is on."""
        if self.configuration.master_file is None:
            return SmtpClient(self, None)
        name = self.configuration.get("default_transport").effective.partition(":")[0].strip()
        services = (one for one in self.configuration.services if one.enabled and one.program == "smtp")
        found = next((one for one in services if one.service == name), None)
        return SmtpClient(self, found) if found else None

    @cached_property
    def named_tables(self) -> tuple[NamedTable, ...]:
        """The tables in files that its parameters name, the same one once for each place."""
        return tuple(named_tables(self.configuration))

    @cached_property
    def tls_uses(self) -> tuple[TlsUse, ...]:
        """The TLS of every smtpd service, and of the client, where it is on."""
        return tuple(tls_uses(self))

    @cached_property
    def openssl(self) -> OpenSsl:
        """The OpenSSL of its host."""
        return openssl_of(self.host)

    @cached_property
    def unread(self) -> tuple[Unread, ...]:
        """What the files set and nothing reads, such as a name misspelt."""
        return tuple(unread_settings(self.configuration))

    @property
    def commented_values(self) -> list[tuple[str, Assignment, Span]]:
        """Parameters with a comment behind their value, which becomes a part of it, and the place of the comment."""
        return list(commented_values(self.configuration))

    @property
    def deprecated(self) -> list[Deprecated]:
        """The parameters set that this version deprecates, each with the one to use instead."""
        return list(deprecated_settings(self.configuration))

    @property
    def verbose_services(self) -> list[tuple[Service, str]]:
        """The services that log whole sessions, each with the option that makes it do so."""
        found = ((one, _VERBOSE.search(one.command)) for one in self.configuration.services if one.enabled)
        return [(service, match[0]) for service, match in found if match]

    def is_switch(self, name: str) -> bool:
        """Whether a parameter of this version takes `yes` and `no` alone."""
        known = self.configuration.defaults.known(name)
        return known is not None and known.kind is ParameterKind.BOOLEAN

    def unset(self, *parameters: Parameter) -> list[tuple[str, str]]:
        """Return the place where those of these parameters that have their defaults could be set."""
        main = self.configuration.main_file
        names = [parameter.name for parameter in parameters if parameter.origin.span is None]
        return [(main.path if main else self.configuration.path, f"does not set {name}") for name in names]

    def values(self, name: str) -> list[Parameter]:
        """Return every effective value that a parameter has for the services that read it, each place once.

        A name that begins with a program's (``smtpd_…``) is read by that program, any other by all.
        """
        program = name.partition("_")[0]
        services: list[Service | None] = [
            service
            for service in self.configuration.services
            if service.enabled and (program == service.program or program not in NAMING_PROGRAMS)
        ]
        if self.configuration.master_file is None:
            services.append(None)
        found: dict[tuple[str, Origin], Parameter] = {}
        main = self.configuration.get(name)
        for service in services:
            same = service is None or (name not in service.options and "$" not in main.value)
            parameter = main if same else self.configuration.get(name, service)
            found[parameter.effective, parameter.origin] = parameter
        return list(found.values())

    @property
    def asks_dovecot(self) -> bool:
        """Whether a service authenticates its clients by Dovecot."""
        return any(service.asks_dovecot for service in self.smtpd_services)

    @property
    def chroots_by_default(self) -> bool:
        """Whether ``-`` for chroot in master.cf means yes: below compatibility level 1 (master(5))."""
        level = self.configuration.get("compatibility_level").effective.strip()
        return level == "0" or self.version_numbers < (3, 0)

    def restrictions(self, name: str) -> Sequence[Restriction]:
        """Return a restriction list as main.cf has it for services that have none of their own."""
        return restrictions(self.configuration, None, name)

    def dh_bits(self, parameter: Parameter) -> int | Unreadable | None:
        """Return the size of the Diffie-Hellman prime in the file that a parameter names; None where there is none.

        ``auto`` is OpenSSL's choice, and a file without parameters is ignored (tls_dh.c).
        """
        use = None if parameter.effective == "auto" else self.file_use(parameter)
        if use is None:
            return None
        data = self.host.read_bytes(use.name)
        return data if isinstance(data, Unreadable) else dh_bits(data)

    @cached_property
    def database_links(self) -> tuple[DatabaseLink | UnknownLink, ...]:
        """The connections of tables to databases that are not safe."""
        return tuple(postfix_database_links(self))

    def file_use(self, parameter: Parameter) -> FileUse | None:
        """Return the file that a parameter names, or None when it names none.

        A relative name is relative to queue_directory, where the daemons run (master(8)).
        """
        if not parameter.effective:
            return None
        return self._use_of(parameter.name, parameter.effective, parameter.origin)

    def _use_of(self, parameter: str, name: str, origin: Origin) -> FileUse:
        folder = self.configuration.get("queue_directory").effective
        return FileUse("postfix", parameter, posixpath.normpath(posixpath.join(folder, name)), origin)

    @cached_property
    def key_pairs(self) -> tuple[KeyPair, ...]:
        """The certificates with their keys, of every smtpd service that uses TLS and of the SMTP and LMTP clients.

        Chain files make Postfix disregard these parameters, and ``none`` stands for no certificate
        (postconf(5), smtpd_tls_chain_files and smtpd_tls_cert_file).
        """
        users = [(prefix, service) for prefix, service in self._tls_users if not self._chain(prefix, service)]
        return tuple(dict.fromkeys(pair for prefix, service in users for pair in self._pairs(prefix, service)))

    @cached_property
    def key_chains(self) -> tuple[tuple[FileUse, ...], ...]:
        """The lists of files that are read as one, each key before its certificates (postconf(5))."""
        chains = [self._chain(prefix, service) for prefix, service in self._tls_users]
        chains += [
            sni.files for prefix, service in self._tls_users if prefix == "smtpd" for sni in self.sni_chains(service)
        ]
        return tuple(dict.fromkeys(chain for chain in chains if chain))

    def served_files(self, service: Service | None) -> tuple[tuple[FileUse, ...], ...]:
        """Return the files from which an smtpd service takes its certificates, those that are read as one together."""
        if files := self._chain("smtpd", service):
            return (files,)
        return tuple((pair.certificate,) for pair in self._pairs("smtpd", service))

    def served_matches(self, service: Service | None) -> tuple[Match, ...]:
        """Return for the certificates that an smtpd service takes whether each has its key."""
        if files := self._chain("smtpd", service):
            return (match_chain(self.host, files),)
        return tuple(match(self.host, pair) for pair in self._pairs("smtpd", service))

    def sni_chains(self, service: Service | None) -> tuple[SniChain, ...]:
        """Return the certificates that an smtpd service has for server names (postconf(5), tls_server_sni_maps)."""
        return tuple(
            SniChain(entry.key, self._named_files("tls_server_sni_maps", entry.result, Origin(entry.span)))
            for table in self.sni_tables(service)
            if isinstance(table, Table)
            for entry in table.entries
            if table.kind is Kind.EXACT
        )

    def sni_tables(self, service: Service | None) -> tuple[Table | UnreadableTable, ...]:
        """Return the tables of tls_server_sni_maps."""
        parameter = self.configuration.get("tls_server_sni_maps", service)
        return tuple(read_table(self.host, word.text, at=parameter.origin.span) for word in words(parameter.effective))

    @cached_property
    def key_files(self) -> tuple[FileUse, ...]:
        """Every private key file that is named, wherever it is."""
        named = [pair.key for prefix in TLS_PROGRAMS for pair in self._pairs(prefix, None)]
        chained = [use for chain in self.key_chains for use in chain]
        return tuple(dict.fromkeys([*(pair.key for pair in self.key_pairs), *named, *chained]))

    @cached_property
    def certificate_files(self) -> tuple[FileUse, ...]:
        """Every certificate file that is named, wherever it is."""
        named = [pair.certificate for prefix in TLS_PROGRAMS for pair in self._pairs(prefix, None)]
        chained = [use for chain in self.key_chains for use in chain]
        return tuple(dict.fromkeys([*(pair.certificate for pair in self.key_pairs), *named, *chained]))

    @cached_property
    def client_ca_files(self) -> tuple[FileUse, ...]:
        """Every file of CA certificates for client certificates."""
        return tuple(dict.fromkeys(use.file for use in self.trust))

    @cached_property
    def trust(self) -> tuple[TrustUse, ...]:
        """The CA files for client certificates, as each service uses them."""
        return tuple(dict.fromkeys(service.trust for service in self.smtpd_services if service.trust))

    @cached_property
    def _tls_users(self) -> tuple[tuple[str, Service | None], ...]:
        smtpds = [("smtpd", one.service) for one in self.smtpd_services if one.tls_level is not TlsLevel.NONE]
        services = (one for one in self.configuration.services if one.enabled and one.program in ("smtp", "lmtp"))
        return (*smtpds, *((service.program, service) for service in services))

    def _pairs(self, prefix: str, service: Service | None) -> Iterator[KeyPair]:
        for kind in ("", "ec", "d"):
            certificate = self._use(f"{prefix}_tls_{kind}cert_file", service)
            key = self._use(f"{prefix}_tls_{kind}key_file", service)
            if certificate and key:
                yield KeyPair(certificate, key)

    def _use(self, name: str, service: Service | None) -> FileUse | None:
        parameter = self.configuration.get(name, service)
        return None if parameter.effective.lower() == "none" else self.file_use(parameter)

    def _chain(self, prefix: str, service: Service | None) -> tuple[FileUse, ...]:
        parameter = self.configuration.get(f"{prefix}_tls_chain_files", service)
        return self._named_files(parameter.name, parameter.effective, parameter.origin)

    def _named_files(self, name: str, value: str, origin: Origin) -> tuple[FileUse, ...]:
        return tuple(self._use_of(name, word.text, origin) for word in words(value))
