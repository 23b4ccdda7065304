"""A certificate or CRL signed with MD5 or SHA-1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


BROKEN: Final = {"md5": "MD5", "sha1": "SHA-1"}


class SignatureWeak(HostRule):
    """A certificate or CRL bears a signature by MD5 or SHA-1.

    What: a server certificate, an intermediate CA sent with it, an intermediate CA or a CRL in a file of client CAs
    is signed with one of these hashes. The signature of a root counts for nothing and is not looked at.

    Why it matters: collisions can be made for both, so what is signed may not be what was asked for. OpenSSL at
    security level 2, Debian's default, refuses such certificates: Dovecot 2.3.19 then has no TLS at all, and
    clients refuse the others.

    How to mend it: have it issued anew with SHA-256.

    When to ignore it: never; nobody depends on such a signature.

    Sources: RFC 9155; Mozilla, Server Side TLS 6.0 (certificate_signatures); SSL_CTX_set_security_level(3); tried
    on Dovecot 2.3.19.1 and 2.4.1, Postfix 3.7.11 and 3.10.13.
    """

    name = "signature-weak"
    severity = Severity.MEDIUM
    tags = ("pki", "tls")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield what is signed with a broken hash."""
        yield from self.unread_certificates(host)
        yield from self.unread(host.unread_client_trusts)
        for found in host.signatures:
            if found.hash in BROKEN:
                yield self.finding(
                    found.use.origin,
                    f"{found.what} is signed with {BROKEN[found.hash]}, which is broken",
                    because=[(found.line, "signed so")],
                    advice="have it issued anew with SHA-256",
                    subject=found.use.name,
                )
