"""A CRL that is about to expire."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.model.crl_check import CrlState
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost

SOON: Final = timedelta(days=7)


class CrlExpiresSoon(HostRule):
    """The CRL of a client CA expires within seven days.

    What: the CRL that OpenSSL takes for a CA is valid, but its nextUpdate is at most seven days away, or as many as
    `days-before-expiry` below `[assume]` in mailaudit.toml says.

    Why it matters: from its nextUpdate on every certificate login fails.

    How to mend it: make a new CRL, rebuild the file, reload Dovecot; a timer that does so well before the date keeps
    it from coming back.

    When to ignore it: a timer renews the CRL, and it is known to run more often than every seven days.

    Sources: RFC 5280, 5.1.2.5; iostream-openssl-context.c of Dovecot (X509_V_FLAG_CRL_CHECK with CRL_CHECK_ALL) and
    x509_vfy.c of OpenSSL.
    """

    name = "crl-expires-soon"
    severity = Severity.MEDIUM
    tags = ("crl",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the CAs whose CRL expires within the notice."""
        yield from self.unread(host.unread_client_trusts)
        for trust, use in host.crl_files:
            for found in trust.with_crl_state(CrlState.VALID):
                crl = found.chosen
                if crl is None or crl.next_update is None or not host.expires_soon(crl.next_update, SOON):
                    continue
                yield self.finding(
                    use.file.origin,
                    f"every client certificate of {found.ca.subject} is refused from {crl.next_update:%Y-%m-%d} on: "
                    f"its CRL in {trust.path} expires then",
                    because=[(trust.line_of(crl), f"nextUpdate {crl.next_update:%Y-%m-%d %H:%M} UTC")],
                    advice="make a new CRL (easyrsa gen-crl), rebuild the file and reload Dovecot",
                    subject=f"{trust.name} {found.ca.subject}",
                )
