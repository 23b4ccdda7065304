"""Whether TLS works on a kind of connection to Dovecot, and which client certificates are good there.

A context that cannot be set up fails every handshake, whether a certificate is asked for or not (tried for each cause
below, tests/live; RULES EX16, DT05, PK09, PK22).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from auditor.access.facts import Fact, all_of, any_of, no, unknown, yes
from auditor.access.rows import Revocable
from auditor.model.crl_check import CrlState
from auditor.model.keys import match
from auditor.model.openssl_objects import is_known
from auditor.model.tls import TlsContext, lacks_marker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.access.facts import Because
    from auditor.dovecot.configuration import Setting
    from auditor.host import Unreadable
    from auditor.model import AuditedHost, Dovecot
    from auditor.model.files import KeyPair
    from auditor.model.keys import Match
    from auditor.model.trust import ClientTrust


class Trusted(NamedTuple):
    """Whether a client certificate can be good, and whether one can be taken back."""

    fact: Fact
    revocable: Revocable = Revocable.NOT_APPLICABLE


class TlsState:
    """What becomes of TLS in the contexts of one Dovecot instance."""

    def __init__(self, host: AuditedHost, dovecot: Dovecot) -> None:
        self.host = host
        self.dovecot = dovecot

    def works(self, contexts: Iterable[TlsContext]) -> Fact:
        """Return whether a handshake succeeds in one of some contexts, which differ by the server's name."""
        return any_of(self._works(context) for context in contexts)

    def trusted(self, contexts: Iterable[TlsContext]) -> Trusted:
        """Return whether a client certificate is good in one of some contexts."""
        found = [self._trusted(context) for context in contexts]
        fact = any_of(one.fact for one in found)
        ways = {one.revocable for one in found if one.fact.possible}
        for worst in (Revocable.NO, Revocable.UNKNOWN, Revocable.BY_CRL):
            if worst in ways:
                return Trusted(fact, worst)
        return Trusted(fact)

    def _works(self, context: TlsContext) -> Fact:
        if not context.enabled:
            return no(*_place(context.ssl, "TLS is switched off"))
        return all_of([self._pair(context), self._field(context), self._ca(context)])

    def _pair(self, context: TlsContext) -> Fact:
        for setting in (context.certificate, context.key):
            if setting is None or not setting.value:
                return no(*_place(setting, "no certificate, or none with a key"))
            if self.dovecot.dialect == "2.3" and lacks_marker(setting):
                return no(*_place(setting, "without `<` it is not the file that is used"))
        certificate, key = self.dovecot.file_use(context.certificate), self.dovecot.file_use(context.key)
        if certificate is None or key is None:
            return yes()
        found = self._match(certificate.name, key.name)
        if found is None or found.fits:
            return yes()
        if found.fits is False:
            return no((key.origin, found.why))
        return unknown("the certificate and its key", found.why, (certificate.origin, "the certificate of the server"))

    def _match(self, certificate: str, key: str) -> Match | None:
        return self._matches.get((certificate, key))

    @cached_property
    def _matches(self) -> dict[tuple[str, str], Match]:
        pairs: tuple[KeyPair, ...] = self.dovecot.key_pairs
        return {(pair.certificate.name, pair.key.name): match(self.host.host, pair) for pair in pairs}

    def _field(self, context: TlsContext) -> Fact:
        setting = context.username_field
        if setting is None or not setting.literal or is_known(setting.value):
            return yes()
        return no((setting.origin, "OpenSSL knows no such certificate field"))

    def _ca(self, context: TlsContext) -> Fact:
        """Return whether the file of CAs can be loaded, which happens where certificates are asked for."""
        if not context.asks or (use := self.dovecot.file_use(context.ca)) is None:
            return yes()
        trust = self._trusts.get(use.name)
        if trust is None:
            return unknown("the CAs of clients", self._why_unread(use.name), (use.origin, "the CAs of clients"))
        return no((use.origin, f"the file {trust.fault.what}")) if trust.fault else yes()

    def _trusted(self, context: TlsContext) -> Trusted:
        if not context.asks:
            return Trusted(no(*_place(context.request_client_cert, "no certificate is asked for")))
        use = self.dovecot.file_use(context.ca)
        if use is None or context.ca is None:
            return Trusted(no(*_place(context.ca, "no CA of clients is known")))
        trust = self._trusts.get(use.name)
        places = (use.origin, "the CAs of clients")
        if trust is None:
            revocable = Revocable.UNKNOWN if context.checks_crl else Revocable.NO
            return Trusted(unknown("the CAs of clients", self._why_unread(use.name), places), revocable)
        if trust.fault or not trust.file.cas:
            return Trusted(no(places))
        if not context.checks_crl:
            return Trusted(yes(places, *_place(context.require_crl, "CRLs are not looked at")), Revocable.NO)
        states = {found.state for found in trust.crl_states}
        if CrlState.VALID in states:
            return Trusted(yes(places), Revocable.BY_CRL)
        if CrlState.UNKNOWN in states:
            return Trusted(unknown("the CRL of the CAs of clients", "it cannot be decided here", places))
        return Trusted(no((use.origin, "no CA of this file has a CRL in force, and one is required")))

    @cached_property
    def _trusts(self) -> dict[str, ClientTrust]:
        return {trust.name: trust for trust in self.host.client_trusts}

    def _why_unread(self, name: str) -> str:
        found: Iterable[Unreadable] = (one for _, one in self.host.unread_client_trusts if one.name == name)
        return next((str(one) for one in found), f"{name} is not known")


def _place(setting: Setting | None, label: str) -> list[Because]:
    return [(setting.origin, label)] if setting is not None else []
