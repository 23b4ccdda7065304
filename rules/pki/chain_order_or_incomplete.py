"""A certificate chain that is out of order or lacks a certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.pem_fixes import chain_in_order
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class ChainOrderOrIncomplete(HostRule):
    """The chain of a server certificate is out of order, or a certificate of it is missing.

    What: in a file that a daemon takes its certificate from, the certificate of a CA stands in front of the
    server's own; an intermediate CA that issued the last certificate of the chain is missing; a certificate does
    not follow the one that it issued; or one is no part of the chain. A root at the end does no harm. Whether an
    issuer is an intermediate is known where another file on the host has its certificate, or where the server's was
    logged publicly. OpenSSL itself adds what it finds among the CAs for client certificates.

    Why it matters: the first certificate must be the one of the key, else TLS fails altogether. Clients that do not
    know the missing intermediate refuse the server, and it is always some that do not. Of order and strangers only
    few clients take offence.

    How to mend it: put into the file, in this order, the server's certificate, the one of the CA that issued it,
    and so on up to the root, which may be left out (ACME clients call it fullchain.pem).

    When to ignore it: every client of yours has the intermediate installed.

    Sources: Dovecot wiki, SSL/DovecotConfiguration (chained certificates); RFC 5246, 7.4.2; RFC 8446, 4.4.2;
    postconf(5), smtpd_tls_cert_file; tried with a verifying client on Dovecot 2.3.19.1 and 2.4.1 and Postfix
    3.7.11.
    """

    name = "chain-order-or-incomplete"
    severity = Severity.HIGH
    tags = ("pki",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the chains with a fault, the worst of each."""
        yield from self.unread_certificates(host)
        for found in host.server_certificates:
            if part := found.server_behind_ca:
                severity, place = Severity.HIGH, part.line
                message = f"the CA {found.leaf.subject} stands in front of {part.certificate.subject}"
            elif issuer := host.missing_issuers.get(found):
                severity, place = Severity.MEDIUM, found.path[-1].line
                message = f"clients that do not know {issuer} refuse {found.leaf.subject}: its certificate is not sent"
            elif part := found.misplaced:
                severity, place = Severity.LOW, part.line
                message = f"the certificate of {part.certificate.subject} does not stand behind the one that it issued"
            elif found.unrelated:
                severity, place = Severity.LOW, found.unrelated[0].line
                message = f"the certificate of {found.unrelated[0].certificate.subject} is no part of the chain"
            else:
                continue
            yield self.finding(
                found.use.origin,
                message,
                because=[(place, "this certificate")],
                advice="write the server's certificate, then that of the CA that issued it, and so on",
                severity=severity,
                subject=found.use.name,
                fix=chain_in_order(host, found),
            )
