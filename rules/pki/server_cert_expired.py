"""A server certificate that has ended, or has not begun."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


SOON: Final = timedelta(days=14)
"""ACME clients renew 30 days before the end; less than half of that is left only where renewing fails."""


class ServerCertExpired(HostRule):
    """Clients refuse the server's certificate by its dates.

    What: the certificate that a daemon shows to its clients has ended, ends within 14 days, or begins later. Looked
    at for every scope: local, local_name and protocol blocks, alternative certificates, every Postfix service,
    chain file and SNI map.

    Why it matters: mail programs refuse the connection or teach their users to click through. Other mail servers on
    port 25 rarely look, so the finding is milder where only they come.

    How to mend it: renew the certificate, put it in place with its key, reload the daemons, and let a timer do so
    from now on.

    When to ignore it: nobody verifies it, as with DANE-EE records (RFC 7672, 3.1.1), which do without dates.

    Sources: RFC 5280, 4.1.2.5; RFC 7817; tried with a verifying client on Dovecot 2.3.19.1 and 2.4.1 and Postfix
    3.7.11.
    """

    name = "server-cert-expired"
    severity = Severity.HIGH
    tags = ("pki", "outage")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the server certificates that are out of their time, or soon will be."""
        yield from self.unread_certificates(host)
        for found in host.server_certificates:
            begins, ends = found.leaf.not_before, found.leaf.not_after
            severity = Severity.HIGH if found.for_users else Severity.MEDIUM
            if begins > host.now:
                what = f"is not valid before {begins:%Y-%m-%d}"
            elif ends < host.now:
                what = f"ended on {ends:%Y-%m-%d}"
            elif host.expires_soon(ends, SOON):
                what = f"ends on {ends:%Y-%m-%d}, in {(ends - host.now).days} days"
                severity = Severity.MEDIUM if found.for_users else Severity.LOW
            else:
                continue
            yield self.finding(
                found.use.origin,
                f"the certificate of {found.leaf.subject} {what}",
                because=[(found.parts[0].line, "this certificate")],
                advice="renew the certificate and reload the daemons",
                severity=severity,
                subject=found.use.name,
            )
