"""TLS that every sending server must have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.postfix_fixes import main_to
from auditor.model.smtpd import TlsLevel, confidence_in, grouped, said_of
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix


class Port25TlsMandatory(PostfixRule):
    """Mail from servers without TLS is refused.

    What: a service on port 25 of a public address has the security level `encrypt`, or smtpd_enforce_tls is on.

    Why it matters: servers that have no TLS, or none that fits, cannot deliver: mail is lost. RFC 3207 forbids it for a
    server that other servers find by MX records.

    How to mend it: write `smtpd_tls_security_level = may` for port 25, and give `-o smtpd_tls_security_level=encrypt`
    in master.cf to the services that your users send through.

    When to ignore it: only partners whom you know deliver here, or only users send through this port.

    Sources: postconf(5), smtpd_tls_security_level ("this option MUST NOT be used on a publicly-referenced SMTP
    server"); RFC 3207, 4; tried on Postfix 3.7.11: MAIL FROM without STARTTLS is answered with 530.
    """

    name = "port25-tls-mandatory"
    severity = Severity.HIGH
    tags = ("tls",)

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the services that other servers deliver to."""
        services = (one for one in postfix.smtpd_services if one.takes_mail_from_internet)
        strict = (
            one for one in services if one.tls_level is TlsLevel.ENCRYPT and not one.is_on("smtpd_tls_wrappermode")
        )
        for origin, group in grouped(strict, lambda one: one.tls_settings[0][0]).items():
            fix = main_to(group, "smtpd_tls_security_level", "may", keeping=postfix.smtpd_services)
            yield self.finding(
                origin,
                f"{said_of(group, 'refuses', 'refuse')} mail from servers without TLS: {group[0].tls_settings[0][1]}",
                because=[(group[0].origin, "listens on port 25, where other servers deliver")],
                advice="write `may` for port 25, and `-o smtpd_tls_security_level=encrypt` for submission in master.cf",
                confidence=confidence_in(group),
                fix=fix and fix.opening().unsafe(),
            )
