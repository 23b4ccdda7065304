"""The logins that an smtpd service takes: what it offers of its SASL server's mechanisms, and whom that lets in.

Sources: ``smtpd_sasl_activate`` and ``permit_sasl_auth`` of ``src/smtpd``, ``xsasl_dovecot_server_mech_filter`` of
``src/xsasl/xsasl_dovecot_server.c``; the properties of mechanisms are those of ``src/auth/mech-*.c`` of Dovecot.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.access.facts import Unknown
from auditor.access.logins import Login
from auditor.access.match_lists import DomainList
from auditor.access.rows import Certificate, Secret
from auditor.access.sasl_socket import sasl_server
from auditor.model.smtpd import TlsLevel
from auditor.syntax.postfix_lines import words
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.access.dovecot import DovecotAccess
    from auditor.access.sasl_socket import SaslServer
    from auditor.model.smtpd import SmtpdService

_PROPERTIES: Final = {
    "PLAIN": "plaintext",
    "LOGIN": "plaintext",
    "OAUTHBEARER": "plaintext",
    "XOAUTH2": "plaintext",
    "ANONYMOUS": "anonymous",
    "CRAM-MD5": "dictionary active",
    "DIGEST-MD5": "dictionary active mutual_auth",
    "NTLM": "dictionary active",
    "OTP": "dictionary active",
    "SKEY": "dictionary active",
    "RPA": "dictionary active mutual_auth",
    "GSS-SPNEGO": "",
    "GSSAPI": "",
    "EXTERNAL": "",
}
_NEEDED: Final = frozenset({"mutual_auth", "forward_secrecy"})
"""Properties that a security option demands; the other options forbid one (``SEC_PROPS_POS_MASK``)."""


class SaslOffer(NamedTuple):
    """What is offered in one state of the connection. ``dead`` says that smtpd ends for want of a mechanism."""

    logins: tuple[Login, ...] = ()
    dead: bool = False


class Sasl:
    """How the clients of one service log in."""

    def __init__(self, service: SmtpdService, dovecots: Sequence[DovecotAccess]) -> None:
        self._service = service
        self._dovecots = dovecots
        self._offers: dict[bool, SaslOffer] = {}

    def offer(self, *, tls: bool) -> SaslOffer:
        """Return what is offered before TLS, or with it."""
        if tls not in self._offers:
            self._offers[tls] = self._offer(tls=tls)
        return self._offers[tls]

    def _offer(self, *, tls: bool) -> SaslOffer:
        """Work out an offer.

        smtpd_sasl_exceptions_networks only keeps AUTH from being announced: the command works all the same (smtpd.c).
        """
        service = self._service
        if not service.is_on("smtpd_sasl_auth_enable"):
            return SaslOffer()
        if not tls and (service.is_on("smtpd_tls_auth_only") or service.tls_level is TlsLevel.ENCRYPT):
            return SaslOffer()
        if self.server and self.server.fault and self.server.certain:
            # smtpd gets no list of mechanisms where it cannot connect (xsasl_dovecot_server_get_mechanism_list).
            return SaslOffer(dead=True)
        if self.server is None or not self.server.dovecots:
            # Whatever the server has, it is most often PLAIN that is left where nothing forbids it.
            mechanism = "PLAIN" if self._is_allowed("PLAIN", tls=tls) else "any but PLAIN"
            return SaslOffer(() if self._is_discarded else (self._unknown_login._replace(mechanism=mechanism),))
        offered = {name for name in self._mechanisms if self._is_allowed(name, tls=tls)}
        announced = {name for name in offered if self._is_let_through(name)}
        if not announced or self._is_discarded:
            return SaslOffer(dead=not announced)
        usable = (
            login
            for login in self._logins
            if login.mechanism in announced and login.certificate is Certificate.NONE and (tls or not login.needs_tls)
        )
        # Postfix takes an anonymous login for none at all.
        return SaslOffer(tuple(login for login in usable if login.mechanism != "ANONYMOUS"))

    @cached_property
    def server(self) -> SaslServer | None:
        """Who answers where the service asks for logins; None where it asks no Dovecot that is below the root."""
        return sasl_server(self._service, self._dovecots) if self._service.asks_dovecot and self._dovecots else None

    @cached_property
    def _asked(self) -> tuple[DovecotAccess, ...]:
        return self.server.dovecots if self.server else ()

    @property
    def _is_discarded(self) -> bool:
        """Whether AUTH is switched off by smtpd_discard_ehlo_keywords (smtpd_sasl_proto.c)."""
        return "auth" in discarded_keywords(self._service)

    @property
    def _unknown_login(self) -> Login:
        kind = self._service.get("smtpd_sasl_type")
        asked = "Cyrus SASL" if kind.effective == "cyrus" else kind.effective or "an unknown SASL server"
        why = "its configuration is not read"
        if self.server:
            kind, asked = self._service.get("smtpd_sasl_path"), f"the SASL server at {shortened(self.server.place)}"
            why = "no Dovecot below the root listens there" if self.server.fault else "it is on another host"
        elif kind.effective == "dovecot":
            asked, why = "Dovecot", "there is no Dovecot configuration below the root"
        missing = Unknown(f"whom {asked} lets in ({kind.name} at {kind.origin})", why)
        return Login("PLAIN", Secret.PASSWORD, f"users of {asked}", unknown=(missing,))

    @cached_property
    def _mechanisms(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name.upper() for one in self._asked for name in one.dovecot.mechanisms))

    @cached_property
    def _logins(self) -> tuple[Login, ...]:
        name = self._service.get("smtpd_sasl_service").effective or "smtp"
        return tuple(login for one in self._asked for login in one.auth_service(name).logins)

    def _is_allowed(self, mechanism: str, *, tls: bool) -> bool:
        parameter = "smtpd_sasl_tls_security_options" if tls else "smtpd_sasl_security_options"
        options = {word.text.lower() for word in words(self._service.get(parameter).effective)}
        plain = mechanism.removesuffix("-PLUS")
        has = set(_PROPERTIES.get(plain, "mutual_auth" if plain.startswith("SCRAM-") else "").split())
        return has >= options & _NEEDED and not any(option.removeprefix("no") in has for option in options - _NEEDED)

    def _is_let_through(self, mechanism: str) -> bool:
        patterns = self._service.get("smtpd_sasl_mechanism_filter")
        if not patterns.effective:
            return True
        return mechanism in DomainList(self._service.postfix.host, patterns, parents=False)


def discarded_keywords(service: SmtpdService) -> frozenset[str]:
    """Return the EHLO keywords that are switched off, in lower case."""
    return frozenset(word.text.lower() for word in words(service.get("smtpd_discard_ehlo_keywords").effective))
