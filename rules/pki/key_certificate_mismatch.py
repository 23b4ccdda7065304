"""A key that does not belong to its certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


OUTAGE = {"dovecot": "every TLS handshake with Dovecot fails", "postfix": "Postfix switches TLS off"}


class KeyCertificateMismatch(HostRule):
    """A certificate and the key used with it do not belong together, so TLS fails.

    What: the first certificate of the file that the one setting names is not for the public half of the key in the
    file that the other names; or one of the two holds nothing of its kind. Looked at for every scope: local,
    local_name and protocol blocks, alternative certificates, every Postfix service and chain file.

    Why it matters: Dovecot ends every TLS handshake there, Postfix switches TLS off and says "454 TLS not available
    due to local problem" in answer to STARTTLS: mail service is down, or goes on in clear text.

    How to mend it: name the key that the certificate was issued for; after a renewal, put both in place together.

    When to ignore it: never.

    Sources: tried on Dovecot 2.3.19.1 and Postfix 3.7.11 ("disabling TLS support", "No private key found");
    iostream-openssl-context.c, tls_certkey.c.
    """

    name = "key-certificate-mismatch"
    severity = Severity.CRITICAL
    tags = ("outage",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the certificates whose key is another one."""
        for found in host.key_matches:
            certificate, key = found.pair.certificate, found.pair.key
            if found.fits is None:
                yield self.not_checked(f"whether {key.name} is the key of {certificate.name}", found.why)
            if found.fits is not False:
                continue
            yield self.finding(
                key.origin if key.origin.span else certificate.origin,
                f"{OUTAGE[key.product]}: {found.why}",
                because=[(certificate.origin, "the certificate is named here")],
                advice="name the key that belongs to the certificate",
                label=f"used with {certificate.setting}",
                subject=f"{certificate.name} {key.name}",
            )
