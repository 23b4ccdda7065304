"""Certificates are required where TLS is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import all_of
from auditor.model.postfix_fixes import services_to, tls_demanded
from auditor.model.smtpd import TlsLevel, grouped, said_of
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.change import Fix
    from auditor.finding import Finding
    from auditor.model import Postfix
    from auditor.model.smtpd import SmtpdService


class ReqCcertIgnored(PostfixRule):
    """A service is to require client certificates, and Postfix ignores it.

    What: smtpd_tls_req_ccert is on for a service whose TLS is not mandatory: its smtpd_tls_security_level is `may`,
    `none` or empty, and it is not in wrapper mode.

    Why it matters: Postfix ignores the requirement and logs "Can't require client certs unless TLS is required".
    Clients get in without a certificate and without TLS. It does not even ask for one, unless smtpd_tls_ask_ccert is
    on.

    How to mend it: give `-o smtpd_tls_security_level=encrypt` to the service. On port 25 TLS must stay optional: write
    `-o smtpd_tls_req_ccert=no` there. Where a certificate is welcome but not needed, smtpd_tls_ask_ccert is meant.

    When to ignore it: never; the line does nothing.

    Sources: postconf(5), smtpd_tls_req_ccert; smtpd.c, pre_jail_init and smtpd_start_tls; tried on Postfix 3.7.11: with
    level may, clients in clear text and without a certificate are served.
    """

    name = "req-ccert-ignored"
    severity = Severity.HIGH

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the services that do not enforce TLS."""
        services = (one for one in postfix.smtpd_services if one.is_on("smtpd_tls_req_ccert"))
        ignoring = (service for service in services if not service.requires_certificate)
        for origin, group in grouped(ignoring, lambda one: one.get("smtpd_tls_req_ccert").origin).items():
            asked = all(service.asks_for_certificate for service in group)
            tls = "off" if all(service.tls_level is TlsLevel.NONE for service in group) else "optional"
            how = "without one" if asked else "unasked"
            settings = group[0].tls_settings
            level = group[0].get("smtpd_tls_security_level")
            yield self.finding(
                origin,
                f"{said_of(group, 'does', 'do')} not require client certificates:"
                f" TLS is {tls} there, and clients get in {how}",
                because=settings or [(level.origin, "smtpd_tls_security_level is empty")],
                advice="give `-o smtpd_tls_security_level=encrypt` to the service in master.cf; for port 25 write"
                " `-o smtpd_tls_req_ccert=no`",
                fix=_fix(group),
            )


def _fix(services: list[SmtpdService]) -> Fix | None:
    """Take the line back where other servers deliver, and let it do what it says elsewhere; a person knows which."""
    public = [one for one in services if one.takes_mail_from_internet]
    others = [one for one in services if one not in public]
    strict = all_of(*(tls_demanded(one, "smtpd_tls_security_level", "encrypt") for one in others))
    fix = all_of(
        *([services_to(public, "smtpd_tls_req_ccert", "no")] if public else []),
        *([strict and strict.opening()] if others else []),
    )
    return fix.unsafe() if fix else None
