"""Protocols without the certificate that others require."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import setting_to
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class CertExemptionTooWide(DovecotAccessRule):
    """A client certificate is required by some protocols, and others let the same users in without one.

    What: `auth_ssl_require_client_cert = yes` is in effect for one login protocol, and another that clients elsewhere
    can reach lets users in with a password alone.

    Why it matters: whoever has a password and no certificate takes the other door.

    How to mend it: require certificates for all protocols and exempt what cannot show any: `protocol !smtp { }` around
    the line on 2.2 and 2.3; on 2.4 the line for all, and `auth_ssl_require_client_cert = no` in `protocol smtp { }`.

    When to ignore it: the other protocol is meant for programs that have no certificate, and its users have nothing
    else there.

    Sources: Dovecot wiki, SSL/DovecotConfiguration (the exemption is for SMTP); tried on Dovecot 2.3.19.1 and 2.4.1:
    IMAP refuses the password, POP3 takes it.
    """

    name = "cert-exemption-too-wide"
    severity = Severity.MEDIUM
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield what requires certificates, when other protocols do not."""
        rows = [row for row in access.rows if row.is_login and not row.source.is_local and not row.needs_certificate]
        without = list(dict.fromkeys(row.listener.service for row in rows))
        for setting, protocols in access.dovecot.client_certificates.required_by.items():
            others = [protocol for protocol in without if protocol not in protocols]
            everywhere = None if access.dovecot.asked_by_postfix else access.dovecot.get(setting.name)
            if others:
                yield self.finding(
                    setting.origin,
                    f"{', '.join(others)} lets users in without the certificate that {protocols[0]} requires",
                    because=[(row.listener.origin, f"{row.listener.label} is open") for row in rows],
                    advice="require certificates for every protocol but `smtp`",
                    subject=setting.name,
                    fix=setting_to(access.dovecot, everywhere, "yes").unsafe() if everywhere else None,
                )
