"""Ciphers that do not protect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import without
from auditor.model.tls_strength import Ciphers, fault, named, read_ciphers
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Dovecot


class DovecotCipherListWeak(DovecotRule):
    """The cipher list lets clients use ciphers that do not protect, or that the policy does not take.

    What: `ssl_cipher_list`, expanded as OpenSSL expands it, has ciphers that can be negotiated and that lack
    encryption, authentication or strength (high); or none with forward secrecy (medium); or OpenSSL refuses the list
    (high); or it names what OpenSSL has dropped, RC4 and DES for example, or ciphers that the policy does not take
    (low; info where it is the default).

    Why it matters: passwords and mail can be read, or come from somebody else than they seem. Without forward secrecy
    all that was recorded can be read once the server's key is stolen. With a list that OpenSSL refuses nobody gets TLS.

    How to mend it: take the line out: the default since 2.3 is good. Or write what the policy recommends.

    When to ignore it: ciphers without forward secrecy or in CBC mode serve clients of before 2013 that must be served.

    Sources: Dovecot wiki, SSL/DovecotConfiguration, ssl_cipher_list; RFC 9325, 4.1 and 4.2; ciphers(1) of OpenSSL;
    tried on Dovecot 2.3.19 and 2.4.1: with `aNULL` and `@SECLEVEL=0` a client gets a session without a certificate.
    """

    name = "dovecot-cipher-list-weak"
    severity = Severity.HIGH
    tags = ("tls",)

    def check(self, dovecot: Dovecot) -> Iterator[Finding | NotChecked]:
        """Expand every list that is in effect where TLS is on."""
        for setting, where in dovecot.tls_settings("ciphers").items():
            if (ciphers := read_ciphers(setting.value, dovecot.openssl)) is None or not setting.literal:
                yield self.not_checked(f"{setting.name} at {setting.origin}", "it cannot be expanded")
                continue
            severity, message = self._judged(ciphers, dovecot, is_default=setting.origin.span is None)
            if message:
                yield self.finding(
                    setting.origin,
                    message + where,
                    advice="take the line out, or write the ciphers that your policy recommends",
                    severity=severity,
                    subject=setting.name,
                    fix=without(setting.origin, setting.name),
                )

    def _judged(self, ciphers: Ciphers, dovecot: Dovecot, *, is_default: bool) -> tuple[Severity, str]:
        if ciphers.known is None:
            return Severity.HIGH, f"{dovecot.openssl.name} refuses the cipher list, and nobody gets TLS"
        if broken := ciphers.broken:
            names = named(one.name for one in broken)
            return Severity.HIGH, f"clients may use ciphers with {fault(broken[0])}: {names}"
        if not any(one.is_forward_secret for one in ciphers.usable):
            return Severity.MEDIUM, "no cipher has forward secrecy: who steals the key reads what was recorded"
        against = named(one.name for one in dovecot.policy.not_taken(ciphers.usable))
        mild = Severity.INFO if is_default else Severity.LOW
        if ciphers.obsolete:
            return mild, f"the cipher list names {named(ciphers.obsolete)}, which OpenSSL has dropped as broken"
        return mild, against and f"clients may use {against}, which {dovecot.policy.cited} does not list"
