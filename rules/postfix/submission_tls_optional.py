"""Users may hand in mail without TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import all_of
from auditor.model.postfix_fixes import tls_demanded
from auditor.model.smtpd import TlsLevel, grouped, lack_of_tls
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix
    from auditor.model.smtpd import SmtpdService
    from auditor.text import Origin

SUBMISSION = 587


class SubmissionTlsOptional(PostfixRule):
    """The submission service does not insist on TLS.

    What: the smtpd on port 587 has a smtpd_tls_security_level of `may`, `none` or nothing, and is not in wrapper mode.

    Why it matters: mail of your users, and their passwords where smtpd_tls_auth_only is off, go over the net in clear
    text when a program is set up wrongly or somebody on the way takes STARTTLS out of the server's answer. With
    smtpd_tls_auth_only the passwords are safe, as far as programs wait for TLS before they send them (medium).

    How to mend it: give `-o smtpd_tls_security_level=encrypt` to the service in master.cf.

    When to ignore it: old devices in your own network cannot do TLS, and nobody else reaches the port.

    Sources: RFC 8314, 3.3 and 4.1; postconf(5), smtpd_tls_security_level; master.cf of Postfix, submission; tried on
    Postfix 3.7.11: with level may, a client without TLS is served.
    """

    name = "submission-tls-optional"
    severity = Severity.HIGH

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the services on port 587."""
        services = (one for one in postfix.smtpd_services if one.port == SUBMISSION and not one.only_on_loopback)
        for origin, group in grouped(services, _lax_level).items():
            protected = all(one.protects_passwords for one in group)
            yield self.finding(
                origin,
                f"{lack_of_tls(group)}, and users hand in mail there",
                because=[(one.origin, "the port for users") for one in group if one.origin != origin],
                advice="give `-o smtpd_tls_security_level=encrypt` to the service in master.cf",
                fix=all_of(*(tls_demanded(one, "smtpd_tls_security_level", "encrypt") for one in group)),
                severity=Severity.MEDIUM if protected else Severity.HIGH,
            )


def _lax_level(service: SmtpdService) -> Origin | None:
    if service.tls_level is TlsLevel.ENCRYPT:
        return None
    settings = service.tls_settings
    return settings[-1][0] if settings else service.origin
