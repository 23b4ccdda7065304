"""An alternative certificate that is of no use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class AltCertificateIncomplete(HostRule):
    """The alternative certificate has no key, is missing, or is of the same kind as the main one.

    What: ssl_alt_cert (2.4: ssl_server_alt_cert_file) is for clients that cannot use the main certificate's kind of
    key. Here it is set without its key or the key without it, or both certificates have keys of one kind.

    Why it matters: 2.3 with the certificate alone fails every TLS handshake; 2.4 leaves it out. Of one kind, the
    alternative takes the place of the main one, which nobody gets to see any more.

    How to mend it: name both files of a pair of another kind (RSA beside EC), or none.

    When to ignore it: never.

    Sources: Dovecot wiki, SSL/DovecotConfiguration (different certificates per algorithm, since 2.2.31);
    ssl_iostream_context_set in iostream-openssl-context.c; tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "alt-certificate-incomplete"
    severity = Severity.HIGH
    tags = ("tls",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the alternative certificates that are of no use."""
        yield from self.unread_certificates(host)
        for found in host.faulty_alternatives:
            fate = "makes every TLS handshake fail: it has no key" if found.breaks_tls else found.fate
            yield self.finding(
                found.setting.origin,
                f"the alternative certificate ({found.setting.name}) {fate}",
                advice="name certificate and key of another kind than the main ones, or none",
                severity=Severity.HIGH if found.breaks_tls else Severity.LOW,
            )
