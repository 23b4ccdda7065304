"""A server certificate with a weak key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.model.certificate_facts import public_key
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


SMALLEST: Final = {"RSA": 2048, "EC": 224}
"""Bits below which a key is weak whatever the policy says (RFC 9325, 4.5)."""


class ServerKeyWeak(HostRule):
    """The key of a server certificate is too small or of an outdated kind.

    What: the certificate that a daemon shows has an RSA or EC key of less bits than the policy asks, by default 2048
    and 256, or a DSA key. Where only a stricter policy asks for more, it is low.

    Why it matters: a small key can be computed from the certificate; who has it is the server. OpenSSL as Debian
    sets it up (security level 2) refuses keys of less than 112 bits of security: Dovecot then has no TLS at all,
    and clients refuse Postfix.

    How to mend it: have a certificate issued for a new key: EC with P-256, or RSA with 3072 bits.

    When to ignore it: never for what is smaller than 2048 bits.

    Sources: Mozilla, Server Side TLS 6.0 (2026-04-06), intermediate: rsa_key_size 2048, certificate_curves P-256
    and P-384; SSL_CTX_set_security_level(3); tried on Dovecot 2.3.19.1 and 2.4.1 and Postfix 3.7.11 and 3.10.13.
    """

    name = "server-key-weak"
    severity = Severity.HIGH
    tags = ("pki", "tls")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the server certificates with weak keys."""
        yield from self.unread_certificates(host)
        for found in host.server_certificates:
            key = public_key(found.leaf)
            if key is None:
                yield self.not_checked(f"the key of the certificate of {found.leaf.subject}", "it cannot be read here")
                continue
            wanted = {"RSA": host.policy.rsa_bits, "EC": host.policy.ec_bits}.get(key.kind, 0)
            if key.kind != "DSA" and key.bits >= wanted:
                continue
            weak = key.kind == "DSA" or key.bits < SMALLEST[key.kind]
            yield self.finding(
                found.use.origin,
                f"the certificate of {found.leaf.subject} has a weak key: {key}",
                because=[(found.parts[0].line, "this certificate")],
                advice=f"have a certificate issued for a new key, such as EC with P-256: {host.policy.cited}",
                severity=Severity.HIGH if weak else Severity.LOW,
                subject=found.use.name,
            )
