"""A file of client CAs that OpenSSL refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


OUTAGE = {"dovecot": "every TLS handshake with Dovecot fails", "postfix": "Postfix switches TLS off"}


class CaFileUnparsable(HostRule):
    """The file of client CAs cannot be parsed, and with it all TLS fails.

    What: a PEM block in the file is damaged: bad base64, a missing END line, contents that are no certificate or CRL;
    or the file is empty. Text between the blocks does no harm. Dovecot loads the file where it asks clients for
    certificates, Postfix always.

    Why it matters: it is not only certificate logins that fail: Dovecot ends every TLS handshake (2.3 does not start
    with an empty file), and Postfix answers STARTTLS with "454 TLS not available due to local problem".

    How to mend it: build the file again from its parts and look at it with `openssl crl2pkcs7 -nocrl -certfile FILE |
    openssl pkcs7 -print_certs`.

    When to ignore it: never.

    Sources: pem_info.c and by_file.c of OpenSSL; iostream-openssl-context.c of Dovecot; tls_certkey.c of Postfix;
    tried on Dovecot 2.3.19.1 and 2.4.1 and Postfix 3.7.11.
    """

    name = "ca-file-unparsable"
    severity = Severity.CRITICAL
    tags = ("outage",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the files of client CAs that OpenSSL refuses."""
        yield from self.unread(host.unread_client_trusts)
        for trust in host.client_trusts:
            use, fault = trust.loading_use, trust.fault
            if use is None or fault is None:
                continue
            yield self.finding(
                use.file.origin,
                f"{OUTAGE[use.file.product]}: {trust.path} {fault.what}",
                because=[(fault.span, fault.label)] if fault.span else [],
                advice=f"build {trust.name} again from its certificates and CRLs in PEM form",
                subject=trust.name,
            )
