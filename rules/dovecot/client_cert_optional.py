"""Certificates that nobody needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class ClientCertOptional(DovecotAccessRule):
    """Client certificates are asked for, and no login needs one.

    What: clients are asked for certificates that decide as whom one logs in, and passwords without a certificate are
    let in as well, from elsewhere and by every protocol.

    Why it matters: passwords stay the weaker way in. Whoever set up certificates to be rid of that has not got it.

    How to mend it: `auth_ssl_require_client_cert = yes`, with an exemption for Postfix (see require-cert-blocks-mta).

    When to ignore it: certificates are an offer, for those who like to have them.

    Sources: Dovecot manual, auth_ssl_require_client_cert; tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "client-cert-optional"
    severity = Severity.INFO
    tags = ("access",)
    off_because = "most sites that ask for certificates mean them as an offer beside passwords"

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield the place that asks for certificates, when passwords do as well."""
        certificates = access.dovecot.client_certificates
        rows = [row for row in access.rows if row.is_login and not row.needs_certificate and not row.source.is_local]
        asking = [context.request_client_cert for context in certificates.deciding_contexts]
        if asking and asking[0] is not None and rows and not certificates.required_by:
            yield self.finding(
                asking[0].origin,
                "client certificates are asked for, but a password does without one",
                advice="set `auth_ssl_require_client_cert = yes` where nobody should do without",
                subject=asking[0].name,
            )
