"""A CA that has ended."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


SOON: Final = timedelta(days=30)


class CaExpired(HostRule):
    """The certificate of a CA has ended, and with it everything that it issued.

    What: a CA in a file for client certificates, or an intermediate CA that is sent with a server certificate, has
    ended or ends within 30 days, and the file has no renewed certificate of the same CA.

    Why it matters: OpenSSL checks the dates of the whole chain, the root's as well: no client certificate of that
    CA is accepted any more, or clients refuse the server.

    How to mend it: renew the CA's certificate with the same key and put it in place of the old one; the
    certificates that it issued stay good. For a public intermediate take the new chain from the CA.

    When to ignore it: the CA was given up, and nobody has a certificate of it any more; then take it out of the
    file.

    Sources: RFC 5280, 6.1.3; OpenSSL, x509_vfy.c (ossl_x509_check_cert_time for each certificate of the chain);
    tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "ca-expired"
    severity = Severity.HIGH
    tags = ("pki", "outage")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the CAs that have ended or soon will."""
        yield from self.unread_certificates(host)
        yield from self.unread(host.unread_client_trusts)
        for authority in host.authorities_in_use:
            ca = authority.ca
            if not host.expires_soon(ca.not_after, SOON):
                continue
            ended = ca.not_after < host.now
            yield self.finding(
                authority.use.origin,
                f"{authority.effect if ended else 'its certificates end with it'}: the CA {ca.subject}"
                f" {'ended' if ended else 'ends'} on {ca.not_after:%Y-%m-%d}",
                because=[(authority.line, "the CA's certificate")],
                advice="renew the CA's certificate with the same key and replace it here",
                severity=Severity.HIGH if ended and authority.counts else Severity.MEDIUM,
                subject=f"{authority.use.name} {ca.subject}",
            )
