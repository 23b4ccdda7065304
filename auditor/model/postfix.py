"""One Postfix instance as rules see it: its smtpd services, whom they trust, and who may relay through them."""

from __future__ import annotations

import ipaddress
import posixpath
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Final

from auditor.model.files import FileUse, KeyPair, TrustUse
from auditor.postfix.restrictions import Restriction, restrictions
from auditor.postfix.services import smtpd_address, smtpd_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.host import Host
    from auditor.postfix.configuration import Configuration, Parameter, Service
    from auditor.text import Origin

ALL_LISTS: Final = (
    "smtpd_client_restrictions",
    "smtpd_helo_restrictions",
    "smtpd_sender_restrictions",
    "smtpd_relay_restrictions",
    "smtpd_recipient_restrictions",
    "smtpd_data_restrictions",
    "smtpd_end_of_data_restrictions",
    "smtpd_etrn_restrictions",
)
RELAY_LISTS: Final = ("smtpd_relay_restrictions", "smtpd_recipient_restrictions")
"""The lists that decide about relaying: a recipient of a foreign domain must pass both (smtpd_check_rcpt)."""
RELAY_GUARDS: Final = frozenset(
    {
        "reject",
        "defer",
        "permit",
        "reject_unauth_destination",
        "defer_unauth_destination",
        "defer_if_permit",
        "check_relay_domains",
    }
)
"""Restrictions behind which nothing can give the right to relay any more (SMTPD_ACCESS_README)."""
CERTIFICATE_PERMITS: Final = frozenset({"permit_tls_all_clientcerts", "permit_tls_clientcerts", "check_ccert_access"})
TLS_LEVELS: Final = {
    "none": 0,
    "may": 1,
    "encrypt": 2,
    "dane": 2,
    "dane-only": 2,
    "fingerprint": 2,
    "verify": 2,
    "secure": 2,
}


class TlsLevel(Enum):
    """How an smtpd service uses TLS."""

    NONE = "none"
    MAY = "may"
    ENCRYPT = "encrypt"


@dataclass(frozen=True, slots=True)
class CertificateAuthorities:
    """Whose client certificates a service trusts."""

    file: Parameter
    path: Parameter
    append_default: Parameter

    @property
    def configured(self) -> bool:
        """Whether CAfile or CApath names anything."""
        return bool(self.file.effective or self.path.effective)

    @property
    def appends_default(self) -> bool:
        """Whether the system's CAs are trusted, too: only beside a CAfile or CApath (tls_certkey.c, tls_set_ca_certificate_info)."""
        return self.configured and is_yes(self.append_default)


class SmtpdService:
    """One smtpd service: the settings in effect for it, and what they come to."""

    def __init__(self, postfix: Postfix, service: Service) -> None:
        self.postfix = postfix
        self.service = service

    def get(self, name: str) -> Parameter:
        """Return a parameter as this service sees it."""
        return self.postfix.configuration.get(name, self.service)

    def is_on(self, name: str) -> bool:
        """Whether a boolean parameter is ``yes`` for this service."""
        return is_yes(self.get(name))

    @property
    def name(self) -> str:
        """The service as master.cf names it."""
        return self.service.service

    @property
    def origin(self) -> Origin:
        """Where master.cf defines it."""
        return self.service.origin

    @property
    def port(self) -> int | None:
        """The TCP port it listens on; the port of postscreen for the service that postscreen hands connections to."""
        if self.service.type == "pass":
            return (
                25
                if any(other.program == "postscreen" and other.enabled for other in self.postfix.configuration.services)
                else None
            )
        return smtpd_port(self.service) if self.service.type == "inet" else None

    @property
    def only_on_loopback(self) -> bool:
        """Whether it listens on loopback addresses only, by its own address or by inet_interfaces."""
        if self.service.type == "pass":
            return False
        if address := smtpd_address(self.service):
            return _is_loopback(address)
        interfaces = self.get("inet_interfaces").effective.replace(",", " ").split()
        return bool(interfaces) and all(word == "loopback-only" or _is_loopback(word) for word in interfaces)

    @property
    def takes_mail_from_internet(self) -> bool:
        """Whether other mail servers deliver here: port 25, not on loopback."""
        return self.port == 25 and not self.only_on_loopback

    @cached_property
    def tls_level(self) -> TlsLevel:
        """How it uses TLS, the wrapper mode and the old parameters considered (smtpd.c, post_jail_init and pre_jail_init)."""
        if self.is_on("smtpd_tls_wrappermode"):
            return TlsLevel.ENCRYPT
        level = self.get("smtpd_tls_security_level").effective.lower()
        if level:
            return (TlsLevel.NONE, TlsLevel.MAY, TlsLevel.ENCRYPT)[TLS_LEVELS.get(level, 0)]
        if self.is_on("smtpd_enforce_tls"):
            return TlsLevel.ENCRYPT
        return TlsLevel.MAY if self.is_on("smtpd_use_tls") else TlsLevel.NONE

    @property
    def tls_settings(self) -> list[tuple[str, Origin]]:
        """The parameters that decide the TLS level, with their places."""
        names = ("smtpd_tls_wrappermode", "smtpd_tls_security_level", "smtpd_enforce_tls", "smtpd_use_tls")
        found = [self.get(name) for name in names]
        return [(parameter.name, parameter.origin) for parameter in found if parameter.origin.span]

    @property
    def requires_certificate(self) -> bool:
        """Whether clients without a trusted certificate are refused: only where TLS is mandatory (smtpd.c)."""
        return self.tls_level is TlsLevel.ENCRYPT and self.is_on("smtpd_tls_req_ccert")

    @property
    def asks_for_certificate(self) -> bool:
        """Whether clients are asked for a certificate (smtpd.c: ask_client_cert)."""
        return self.tls_level is not TlsLevel.NONE and (self.is_on("smtpd_tls_ask_ccert") or self.requires_certificate)

    @property
    def asking_parameter(self) -> Parameter:
        """The parameter that makes it ask for certificates."""
        return self.get("smtpd_tls_req_ccert" if self.requires_certificate else "smtpd_tls_ask_ccert")

    @property
    def authorities(self) -> CertificateAuthorities:
        """Whose client certificates it trusts."""
        return CertificateAuthorities(
            self.get("smtpd_tls_CAfile"), self.get("smtpd_tls_CApath"), self.get("tls_append_default_CA")
        )

    def restrictions(self, name: str) -> list[Restriction]:
        """Return a restriction list, its classes expanded."""
        return list(restrictions(self.postfix.configuration, self.service, name))

    @cached_property
    def certificate_permits(self) -> tuple[Restriction, ...]:
        """Every restriction of any of its lists that looks at client certificates."""
        return tuple(
            item for name in ALL_LISTS for item in self.restrictions(name) if item.name.lower() in CERTIFICATE_PERMITS
        )

    def relay_permit(self, name: str) -> Restriction | None:
        """Return the restriction of this name that gives its clients the right to relay, or None when none does.

        It must stand before what refuses foreign destinations in every list that refuses them.
        """
        found: Restriction | None = None
        for list_name in RELAY_LISTS:
            permit: Restriction | None = None
            guarded = False
            for item in self.restrictions(list_name):
                word = item.name.lower()
                if word == name and not item.warn_only:
                    permit = item
                    break
                if word in RELAY_GUARDS and not item.warn_only:
                    if word == "permit":
                        break
                    guarded = True
                    break
            if guarded:
                return None
            found = found or permit
        return found

    @property
    def trusts_every_certificate(self) -> Restriction | Parameter | None:
        """What grants something to every certificate of the trusted CAs: the relay permit, or the certificate as the gate."""
        if not self.asks_for_certificate:
            return None
        if permit := self.relay_permit("permit_tls_all_clientcerts"):
            return permit
        return self.get("smtpd_tls_req_ccert") if self.requires_certificate else None

    @property
    def trust(self) -> TrustUse | None:
        """The CA file for client certificates."""
        use = self.postfix.file_use(self.authorities.file)
        return TrustUse(use, self.asks_for_certificate, checks_crl=False) if use else None


class Postfix:
    """What one Postfix instance does."""

    def __init__(self, configuration: Configuration, host: Host) -> None:
        self.configuration = configuration
        self.host = host
        self.version = configuration.version

    @cached_property
    def smtpd_services(self) -> tuple[SmtpdService, ...]:
        """Every smtpd service that is switched on."""
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
        """Return the file that a parameter names, or None when it names none."""
        name = parameter.effective
        if not name.startswith("/"):
            return None
        return FileUse("postfix", parameter.name, posixpath.normpath(name), parameter.origin)

    @cached_property
    def key_pairs(self) -> tuple[KeyPair, ...]:
        """Certificates with their keys, of every service and of the SMTP client."""
        found: dict[KeyPair, None] = {}
        for prefix, service in self._tls_users():
            for kind in ("", "ec", "d"):
                certificate = self._use(f"{prefix}_tls_{kind}cert_file", service)
                key = self._use(f"{prefix}_tls_{kind}key_file", service)
                if certificate and key:
                    found[KeyPair(certificate, key)] = None
            for chain in self._chain_files(prefix, service):
                found[KeyPair(chain, chain)] = None
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
        return self.file_use(self.configuration.get(name, service))

    def _chain_files(self, prefix: str, service: Service | None) -> Iterable[FileUse]:
        parameter = self.configuration.get(f"{prefix}_tls_chain_files", service)
        for name in parameter.effective.replace(",", " ").split():
            if name.startswith("/"):
                yield FileUse("postfix", parameter.name, posixpath.normpath(name), parameter.origin)


def is_yes(parameter: Parameter) -> bool:
    """Whether a boolean parameter is on: ``yes`` in any letter case (mail_conf_bool.c)."""
    return parameter.effective.lower() == "yes"


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False
