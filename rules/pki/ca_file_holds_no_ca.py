"""A file of client CAs in which stands something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class CaFileHoldsNoCa(HostRule):
    """A file of CAs for client certificates holds certificates that are no CA's.

    What: a certificate in the file says that it is no CA (basicConstraints CA:FALSE, or a keyUsage without
    keyCertSign), and it did not sign itself either. Often the server's own certificate was named.

    Why it matters: it vouches for nobody. Where no CA is beside it, no client certificate is ever accepted.

    How to mend it: name the file with the certificate of the CA that issued the clients' certificates.

    When to ignore it: never; what stands there in vain misleads the next reader.

    Sources: RFC 5280, 4.2.1.9 and 4.2.1.3; OpenSSL, X509_check_ca; tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "ca-file-holds-no-ca"
    severity = Severity.HIGH
    tags = ("pki",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the files with certificates that vouch for nobody."""
        yield from self.unread(host.unread_client_trusts)
        for trust in host.client_trusts:
            idle = [one for one in trust.file.certificates if not one.may_issue and not one.is_self_issued]
            if not idle:
                continue
            alone = not trust.file.cas
            yield self.finding(
                trust.uses[0].file.origin,
                f"{idle[0].subject} in {trust.path} is no CA"
                + (", so no client certificate is accepted" if alone else " and vouches for nobody"),
                because=[(trust.line_of(one), "no CA's certificate") for one in idle],
                advice="name the certificate of the CA that issued the clients' certificates",
                severity=Severity.HIGH if alone and trust.asking_use else Severity.LOW,
                subject=trust.name,
            )
