"""One Postfix instance as rules see it: its smtpd services, and the files it names."""

from __future__ import annotations

import posixpath
from functools import cached_property
from typing import TYPE_CHECKING

from auditor.model.access_tables import AccessTables
from auditor.model.files import FileUse, KeyPair, TrustUse
from auditor.model.smtpd import SmtpdService
from auditor.syntax.postfix_lines import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.host import Host
    from auditor.postfix.configuration import Configuration, Parameter, Service


class Postfix:
    """What one Postfix instance does."""

    def __init__(self, configuration: Configuration, host: Host) -> None:
        self.configuration = configuration
        self.host = host
        self.version = configuration.version
        self.tables = AccessTables(host)

    @cached_property
    def smtpd_services(self) -> tuple[SmtpdService, ...]:
        """Every smtpd service that is switched on; without a master.cf the one that every distribution has."""
        if self.configuration.master_file is None:
            return (SmtpdService(self, None),)
        services = (
            service for service in self.configuration.services if service.enabled and service.program == "smtpd"
        )
        return tuple(SmtpdService(self, service) for service in services)

    @property
    def asks_dovecot(self) -> bool:
        """Whether a service authenticates its clients by Dovecot."""
        return any(
            service.is_on("smtpd_sasl_auth_enable") and service.get("smtpd_sasl_type").effective == "dovecot"
            for service in self.smtpd_services
        )

    def file_use(self, parameter: Parameter) -> FileUse | None:
        """Return the file that a parameter names, or None when it names none.

        A relative name is relative to queue_directory, where the daemons run (master(8)).
        """
        if not parameter.effective:
            return None
        return self._use_of(parameter, parameter.effective)

    def _use_of(self, parameter: Parameter, name: str) -> FileUse:
        folder = self.configuration.get("queue_directory").effective
        return FileUse("postfix", parameter.name, posixpath.normpath(posixpath.join(folder, name)), parameter.origin)

    @cached_property
    def key_pairs(self) -> tuple[KeyPair, ...]:
        """Certificates with their keys, of every service and of the SMTP client.

        Chain files make Postfix disregard the older parameters, and ``none`` stands for no certificate
        (postconf(5), smtpd_tls_chain_files and smtpd_tls_cert_file).
        """
        found: dict[KeyPair, None] = {}
        for prefix, service in self._tls_users():
            chains = tuple(self._chain_files(prefix, service))
            found.update((KeyPair(chain, chain), None) for chain in chains)
            for kind in () if chains else ("", "ec", "d"):
                certificate = self._use(f"{prefix}_tls_{kind}cert_file", service)
                key = self._use(f"{prefix}_tls_{kind}key_file", service)
                if certificate and key:
                    found[KeyPair(certificate, key)] = None
        return tuple(found)

    @cached_property
    def key_files(self) -> tuple[FileUse, ...]:
        """Every private key file that is named."""
        return tuple(dict.fromkeys(pair.key for pair in self.key_pairs))

    @cached_property
    def certificate_files(self) -> tuple[FileUse, ...]:
        """Every certificate file that is named."""
        return tuple(dict.fromkeys(pair.certificate for pair in self.key_pairs))

    @cached_property
    def client_ca_files(self) -> tuple[FileUse, ...]:
        """Every file of CA certificates for client certificates."""
        return tuple(dict.fromkeys(use.file for use in self.trust))

    @cached_property
    def trust(self) -> tuple[TrustUse, ...]:
        """The CA files for client certificates, as each service uses them."""
        return tuple(dict.fromkeys(service.trust for service in self.smtpd_services if service.trust))

    def _tls_users(self) -> Iterator[tuple[str, Service | None]]:
        yield "smtpd", None
        yield "smtp", None
        yield "lmtp", None
        for service in self.configuration.services:
            if service.enabled and service.program in ("smtpd", "smtp", "lmtp"):
                yield service.program, service

    def _use(self, name: str, service: Service | None) -> FileUse | None:
        parameter = self.configuration.get(name, service)
        return None if parameter.effective.lower() == "none" else self.file_use(parameter)

    def _chain_files(self, prefix: str, service: Service | None) -> Iterator[FileUse]:
        parameter = self.configuration.get(f"{prefix}_tls_chain_files", service)
        for word in words(parameter.effective):
            yield self._use_of(parameter, word.text)
