"""A CRL from the future."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.crl_check import CrlState
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class CrlNotYetValid(HostRule):
    """The CRL of a client CA is not valid yet, so no certificate of that CA is accepted.

    What: the lastUpdate of the CRL that OpenSSL takes for a CA lies in the future.

    Why it matters: until then every certificate login fails. Usually a clock is wrong: that of the machine that made
    the CRL, or that of this one.

    How to mend it: correct the clock and make the CRL again.

    When to ignore it: never while CRLs are checked.

    Sources: RFC 5280, 5.1.2.4; iostream-openssl-context.c of Dovecot (X509_V_FLAG_CRL_CHECK with CRL_CHECK_ALL) and
    x509_vfy.c of OpenSSL; tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "crl-not-yet-valid"
    severity = Severity.MEDIUM
    tags = ("crl",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the CAs whose CRL is not valid yet."""
        yield from self.unread(host.unread_client_trusts)
        for trust, use in host.crl_files:
            for found in trust.with_crl_state(CrlState.NOT_YET_VALID):
                if crl := found.chosen:
                    yield self.finding(
                        use.file.origin,
                        f"every client certificate of {found.ca.subject} is refused until {crl.last_update:%Y-%m-%d}: "
                        f"its CRL in {trust.path} is not valid before",
                        because=[(trust.line_of(crl), f"lastUpdate {crl.last_update:%Y-%m-%d %H:%M} UTC")],
                        advice="check the clocks of both machines and make the CRL again",
                        subject=f"{trust.name} {found.ca.subject}",
                    )
