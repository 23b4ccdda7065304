"""One smtpd service as rules see it: where it listens, how it uses TLS, and whom it trusts."""

from __future__ import annotations

import ipaddress
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from auditor.finding import Confidence
from auditor.model.client_cas import ClientAuthorities, always_appends_default_ca
from auditor.model.files import TrustUse
from auditor.model.postfix_service import PostfixService
from auditor.postfix.defaults import version_numbers
from auditor.postfix.relay_guard import has_relay_guard
from auditor.postfix.restrictions import MAIL_LISTS, restrictions
from auditor.postfix.services import smtpd_address, smtpd_port
from auditor.text import Origin, enumerated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from auditor.postfix.configuration import Parameter
    from auditor.postfix.restrictions import Restriction

ENCRYPTED: Final = frozenset({"encrypt", "verify", "secure", "fingerprint"})
"""Levels that smtpd takes for ``encrypt``; it exits on ``dane`` and ``dane-only`` (smtpd.c, pre_jail_init)."""
PRIVATE_NETWORKS: Final = tuple(
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fe80::/10")
)
"""Networks that other mail servers do not reach (RFC 1918, 6598, 4193, 4291)."""


class Named(Protocol):
    """A service that has a name in master.cf."""

    @property
    def name(self) -> str:
        """The service as master.cf names it."""


Grouped = TypeVar("Grouped", bound=Named)


class TlsLevel(Enum):
    """How an smtpd service uses TLS."""

    NONE = "none"
    MAY = "may"
    ENCRYPT = "encrypt"


class SmtpdService(PostfixService):
    """One smtpd service: the settings in effect for it, and what they come to.

    Where there is no master.cf, ``service`` is None: what is said is then about smtpd on port 25, as every
    distribution's master.cf has it.
    """

    @property
    def origin(self) -> Origin:
        """Where master.cf defines it."""
        return self.service.origin if self.service else Origin(default_of="master.cf")

    @property
    def asks_dovecot(self) -> bool:
        """Whether it authenticates its clients by Dovecot."""
        return self.is_on("smtpd_sasl_auth_enable") and self.get("smtpd_sasl_type").effective == "dovecot"

    @property
    def is_chrooted(self) -> bool:
        """Whether it runs with the queue directory as its root."""
        if self.service is None or self.service.chroot != "-":
            return self.service is not None and self.service.chroot == "y"
        return self.postfix.chroots_by_default

    @property
    def port(self) -> int | None:
        """The TCP port it listens on; for a service that postscreen hands connections to, the port of postscreen."""
        if self.service is None:
            return 25
        if self.service.type == "pass":
            screens = (one for one in self.postfix.configuration.services if one.program == "postscreen")
            return next((smtpd_port(one) for one in screens if one.enabled and one.type == "inet"), None)
        return smtpd_port(self.service) if self.service.type == "inet" else None

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses it listens on: its own, or those of inet_interfaces, which the master reads (master_ent.c)."""
        if self.service and self.service.type == "inet" and (address := smtpd_address(self.service)):
            return (address,)
        interfaces = self.postfix.configuration.get("inet_interfaces").effective
        return tuple(interfaces.replace(",", " ").split())

    @property
    def only_on_loopback(self) -> bool:
        """Whether only programs of the same host reach it."""
        if self.service and self.service.type not in ("inet", "pass"):
            return True
        return bool(self.addresses) and all(is_loopback(address) for address in self.addresses)

    @property
    def takes_mail_from_internet(self) -> bool:
        """Whether other mail servers deliver here: port 25, on an address that they can reach."""
        return self.port == 25 and self.is_within_reach

    @property
    def is_within_reach(self) -> bool:
        """Whether hosts elsewhere reach it, as far as its addresses tell."""
        if self.service and self.service.type not in ("inet", "pass"):
            return False
        return not (self.addresses and all(map(is_out_of_reach, self.addresses)))

    @property
    def sasl_options(self) -> Parameter:
        """The security options that hold for its logins."""
        tls = "tls_" if self.tls_level is TlsLevel.ENCRYPT else ""
        return self.get(f"smtpd_sasl_{tls}security_options")

    @property
    def proxy_parameter(self) -> Parameter:
        """The parameter that says whether a proxy in front names the client: postscreen's, where that comes first."""
        taken = self.service is not None and self.service.type == "pass"
        return self.get(f"{'postscreen' if taken else 'smtpd'}_upstream_proxy_protocol")

    @property
    def speaks_proxy_protocol(self) -> bool:
        """Whether a proxy in front names the client."""
        return bool(self.proxy_parameter.effective.strip())

    @cached_property
    def tls_level(self) -> TlsLevel:
        """How it uses TLS: wrapper mode beats the level, a level beats the old parameters (smtpd.c, pre_jail_init)."""
        if self.is_on("smtpd_tls_wrappermode"):
            return TlsLevel.ENCRYPT
        level = self.get("smtpd_tls_security_level").effective.lower()
        if level:
            return TlsLevel.ENCRYPT if level in ENCRYPTED else TlsLevel.MAY if level == "may" else TlsLevel.NONE
        if self.is_on("smtpd_enforce_tls"):
            return TlsLevel.ENCRYPT
        return TlsLevel.MAY if self.is_on("smtpd_use_tls") else TlsLevel.NONE

    @property
    def has_server_certificate(self) -> bool:
        """Whether TLS has the certificate that it needs (smtpd.c, pre_jail_init).

        ``smtpd_tls_cert_file = none`` makes do without one, unless clients are asked for theirs.
        """
        names = ("smtpd_tls_cert_file", "smtpd_tls_eccert_file", "smtpd_tls_dcert_file", "smtpd_tls_chain_files")
        named = [value for name in names if (value := self.get(name).effective)]
        if self.get("smtpd_tls_cert_file").effective.lower() == "none":
            return len(named) > 1 or not self.asks_for_certificate
        return bool(named)

    @property
    def tls_settings(self) -> list[tuple[Origin, str]]:
        """The parameters that decide the TLS level, with their values."""
        names = ("smtpd_tls_wrappermode", "smtpd_tls_security_level", "smtpd_enforce_tls", "smtpd_use_tls")
        found = (self.get(name) for name in names)
        return [(one.origin, f"{one.name} = {one.effective}") for one in found if one.origin.span]

    @property
    def protects_passwords(self) -> bool:
        """Whether no password is taken before TLS."""
        return self.is_on("smtpd_tls_auth_only") or not self.is_on("smtpd_sasl_auth_enable")

    @property
    def requires_certificate(self) -> bool:
        """Whether clients without a trusted certificate are refused: only where TLS is mandatory (smtpd.c)."""
        return self.tls_level is TlsLevel.ENCRYPT and self.is_on("smtpd_tls_req_ccert")

    @property
    def asks_for_certificate(self) -> bool:
        """Whether clients are asked for a certificate (smtpd.c, ``ask_client_cert``)."""
        return self.tls_level is not TlsLevel.NONE and (self.is_on("smtpd_tls_ask_ccert") or self.requires_certificate)

    @property
    def has_tickets(self) -> bool:
        """Whether its TLS sessions can be resumed by tickets (tls_server.c, tls_server_init)."""
        timeout = self.get("smtpd_tls_session_cache_timeout").effective
        return bool(self.get("tls_session_ticket_cipher").effective) and timeout.rstrip("smhdw").strip("0") != ""

    @property
    def asking_parameter(self) -> Parameter:
        """The parameter that makes it ask for certificates."""
        return self.get("smtpd_tls_req_ccert" if self.requires_certificate else "smtpd_tls_ask_ccert")

    @cached_property
    def authorities(self) -> ClientAuthorities:
        """Whose client certificates it trusts."""
        return ClientAuthorities(
            self.postfix.host,
            self.get("queue_directory").effective,
            self.get("smtpd_tls_CAfile"),
            self.get("smtpd_tls_CApath"),
            self.get("tls_append_default_CA"),
            always_appends_default_ca(version_numbers(self.postfix.version)),
        )

    @property
    def trust(self) -> TrustUse | None:
        """The CA file for client certificates; Postfix never checks a CRL (no such flag in its source)."""
        use = self.postfix.file_use(self.authorities.file)
        return TrustUse(use, self.asks_for_certificate, checks_crl=False) if use else None

    def restrictions(self, name: str) -> Sequence[Restriction]:
        """Return a restriction list, its classes expanded."""
        return restrictions(self.postfix.configuration, self.service, name)

    @property
    def restriction_lists_known(self) -> bool:
        """Whether the two lists about recipients can be expanded."""
        return all(self.get(name).expanded is not None for name in MAIL_LISTS)

    @cached_property
    def has_relay_guard(self) -> bool:
        """Whether smtpd finds what keeps strangers from relaying; it does not start otherwise."""
        return has_relay_guard(self.postfix.configuration, self.service)


def confidence_in(services: Iterable[SmtpdService]) -> Confidence:
    """Return how sure it is that these services are there: without a master.cf it is only what is usual."""
    return Confidence.HIGH if all(one.service for one in services) else Confidence.MEDIUM


def is_loopback(address: str) -> bool:
    """Whether an address or host name of a configuration means the host itself."""
    if address.lower() in ("localhost", "loopback-only"):
        return True
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback


def is_out_of_reach(address: str) -> bool:
    """Whether an address is one that hosts elsewhere do not reach; of a host name it is not known."""
    parsed = _parsed(address)
    return is_loopback(address) or (parsed is not None and any(parsed in network for network in PRIVATE_NETWORKS))


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return None


def grouped(services: Iterable[Grouped], place: Callable[[Grouped], Origin | None]) -> dict[Origin, list[Grouped]]:
    """Return the services by the place that makes something so for them: it is said once a place, not once a service.

    Services without such a place are left out.
    """
    found: dict[Origin, list[Grouped]] = {}
    for service in services:
        if origin := place(service):
            found.setdefault(origin, []).append(service)
    return found


def named(services: Iterable[Named]) -> str:
    """Return the names of services for a sentence."""
    return enumerated(_names(services))


def said_of(services: Iterable[Named], singular: str, plural: str) -> str:
    """Return the names of services with what one of them does, or what several do: ``smtp and submission take``."""
    names = _names(services)
    return f"{enumerated(names)} {singular if len(names) == 1 else plural}"


def lack_of_tls(services: Sequence[SmtpdService]) -> str:
    """Return that services have no TLS, or do not insist on it, for a sentence."""
    if all(service.tls_level is TlsLevel.NONE for service in services):
        return f"{said_of(services, 'has', 'have')} no TLS"
    return f"{said_of(services, 'does', 'do')} not insist on TLS"


def _names(services: Iterable[Named]) -> list[str]:
    return list(dict.fromkeys(service.name for service in services))
