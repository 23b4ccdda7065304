"""Restrictions that look at certificates nobody asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.model.fixes import all_of, option_to
from auditor.model.smtpd import named
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.table import Access
    from auditor.change import Fix
    from auditor.finding import Finding, NotChecked
    from auditor.model.smtpd import SmtpdService
    from auditor.text import Origin


BY_CERTIFICATE: Final = frozenset({"permit_tls_clientcerts", "permit_tls_all_clientcerts", "check_ccert_access"})


class AskCcertMissing(AccessRule):
    """A restriction looks at client certificates, and no service that uses it asks for them.

    What: permit_tls_clientcerts, permit_tls_all_clientcerts or check_ccert_access stands in a restriction list, and
    smtpd_tls_ask_ccert is off, or TLS is, for every service that uses this list.

    Why it matters: clients send a certificate only when they are asked. So the restriction never applies: those whom it
    should let relay are refused, those whom check_ccert_access should refuse are not. Postfix logs a warning a session.

    How to mend it: give `-o smtpd_tls_ask_ccert=yes` to the services that your users send through, or take the
    restriction out.

    When to ignore it: the list is prepared for a service that is not there yet.

    Sources: postconf(5), smtpd_tls_ask_ccert; smtpd_check.c, permit_tls_clientcerts and check_ccert_access ("is
    requested, but smtpd_tls_ask_ccert = no"); tried on Postfix 3.7.11: the certificate's relay is denied.
    """

    name = "ask-ccert-missing"
    severity = Severity.MEDIUM
    product = "postfix"

    def check(self, access: Access) -> Iterator[Finding | NotChecked]:
        """Look at every restriction about certificates, together with all services that use it."""
        users: dict[tuple[str, Origin], list[SmtpdService]] = {}
        for ways in access.smtpd:
            for item in (*ways.items, *ways.service.restrictions("smtpd_etrn_restrictions")):
                if item.name.lower() in BY_CERTIFICATE:
                    users.setdefault((item.name.lower(), item.origin), []).append(ways.service)
        for (name, origin), services in users.items():
            # A smtpd_tls_req_ccert that is ignored is what req-ccert-ignored reports.
            if any(service.asks_for_certificate or service.is_on("smtpd_tls_req_ccert") for service in services):
                continue
            if not services[0].service:
                yield self.not_checked(f"who asks for certificates, for {name} at {origin}", "there is no master.cf")
                continue
            asking = services[0].get("smtpd_tls_ask_ccert")
            off = any(service.is_on("smtpd_tls_ask_ccert") for service in services)
            why = "TLS is off there" if off else "no client is asked for a certificate there"
            yield self.finding(
                origin,
                f"{name} never applies at {named(services)}: {why}",
                because=services[0].tls_settings if off else [(asking.origin, "smtpd_tls_ask_ccert = no")],
                advice="give `-o smtpd_tls_ask_ccert=yes` in master.cf to the services that your users send through",
                subject=name,
                fix=None if off else _fix(services),
            )


def _fix(services: list[SmtpdService]) -> Fix | None:
    """Ask where users send, not where other mail servers deliver."""
    senders = [service for service in services if not service.takes_mail_from_internet]
    fix = all_of(*(option_to(service, "smtpd_tls_ask_ccert", "yes") for service in senders))
    return fix.opening() if fix else None
