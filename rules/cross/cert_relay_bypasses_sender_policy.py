"""Certificates get round the rule that users send under their own addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.access.postfix_session import Destination
from auditor.finding import Confidence, Severity
from auditor.model.smtpd import grouped, named
from auditor.postfix.restrictions import ACCESS_LISTS
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.postfix_run import Permit
    from auditor.access.postfix_ways import SmtpdWays
    from auditor.access.table import Access
    from auditor.finding import Finding
    from auditor.model.smtpd import SmtpdService
    from auditor.postfix.restrictions import Restriction

BY_LOGIN: Final = ("reject_sender_login_mismatch", "reject_authenticated_sender_login_mismatch")


class CertRelayBypassesSenderPolicy(AccessRule):
    """Clients with a certificate send under any address, where users who log in may not.

    What: a service relays for clients with a certificate, and compares the sender with the owner of the login by
    reject_sender_login_mismatch or reject_authenticated_sender_login_mismatch.

    Why it matters: who comes with a certificate is not logged in, so nothing is compared: the holder of any of these
    certificates sends as the boss.

    How to mend it: let check_ccert_access answer each fingerprint with a restriction class that has a
    check_sender_access of its own, or have those clients log in, too.

    When to ignore it: only servers have certificates, and they send for many.

    Sources: postconf(5), reject_authenticated_sender_login_mismatch; smtpd_check.c, reject_auth_sender_login_mismatch,
    which wants a SASL login.
    """

    name = "cert-relay-bypasses-sender-policy"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM

    def check(self, access: Access) -> Iterator[Finding]:
        """Look at the services that relay for certificates."""
        found: dict[SmtpdService, tuple[Permit, Restriction]] = {}
        for ways in access.smtpd:
            permit, policy = _permit(ways), _policy(ways.service)
            if permit and policy:
                found.setdefault(ways.service, (permit, policy))
        for origin, group in grouped(found, lambda service: found[service][0].item.origin).items():
            permit, policy = found[group[0]]
            yield self.finding(
                origin,
                f"clients with a certificate send under any address through {named(group)}, where {policy.name} keeps"
                " users to their own",
                because=[(policy.origin, "compares nothing where nobody is logged in")],
                advice="let check_ccert_access name a restriction class with a check_sender_access per fingerprint",
            )


def _permit(ways: SmtpdWays) -> Permit | None:
    by_certificate = (
        way
        for way in ways.ways
        if way.destination is Destination.FOREIGN and way.principal.user is None and not way.is_anonymous
    )
    return next((way.outcome.permits[0] for way in by_certificate if way.outcome.permits), None)


def _policy(service: SmtpdService) -> Restriction | None:
    if not service.get("smtpd_sender_login_maps").effective:
        return None
    items = (item for name in ACCESS_LISTS for item in service.restrictions(name))
    return next((item for item in items if item.name.lower() in BY_LOGIN and not item.warn_only), None)
