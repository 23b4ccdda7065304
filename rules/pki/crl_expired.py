"""A CRL past its date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.crl_check import CrlState
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class CrlExpired(HostRule):
    """The CRL of a client CA has expired, so no certificate of that CA is accepted.

    What: the nextUpdate of the CRL that OpenSSL takes for a CA is past. An expired CRL beside a valid one of the same
    CA does no harm and is not reported.

    Why it matters: from that second every certificate login fails, and the log at its usual level does not say why.
    easy-rsa makes CRLs for 180 days.

    How to mend it: make a new CRL, put it into the file in place of the old one, reload Dovecot, and have a timer do
    so from now on.

    When to ignore it: never while CRLs are checked.

    Sources: RFC 5280, 5.1.2.5; iostream-openssl-context.c of Dovecot (X509_V_FLAG_CRL_CHECK with CRL_CHECK_ALL) and
    x509_vfy.c of OpenSSL; tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "crl-expired"
    severity = Severity.HIGH
    tags = ("crl",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the CAs whose CRL has expired."""
        yield from self.unread(host.unread_client_trusts)
        for trust, use in host.crl_files:
            for found in trust.with_crl_state(CrlState.EXPIRED):
                if crl := found.chosen:
                    yield self.finding(
                        use.file.origin,
                        f"every client certificate of {found.ca.subject} is refused: "
                        f"its CRL in {trust.path} expired on {crl.next_update:%Y-%m-%d}",
                        because=[(trust.line_of(crl), f"nextUpdate {crl.next_update:%Y-%m-%d %H:%M} UTC")],
                        advice="make a new CRL (easyrsa gen-crl), rebuild the file, reload Dovecot; let a timer do so",
                        subject=f"{trust.name} {found.ca.subject}",
                    )
