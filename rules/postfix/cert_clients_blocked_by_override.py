"""Certificates that main.cf lets past are refused by master.cf."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.access.postfix_session import Destination
from auditor.finding import Severity
from auditor.model.postfix_fixes import inserted
from auditor.model.smtpd import named
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.postfix_ways import SmtpdWays
    from auditor.access.table import Access
    from auditor.finding import Finding
    from auditor.model.smtpd import SmtpdService
    from auditor.postfix.restrictions import Restriction
    from auditor.text import Origin

LISTS: Final = (
    "smtpd_client_restrictions",
    "smtpd_relay_restrictions",
    "smtpd_recipient_restrictions",
)
PERMITS: Final = ("permit_tls_clientcerts", "permit_tls_all_clientcerts")


class CertClientsBlockedByOverride(AccessRule):
    """A service asks for client certificates, and its own lists in master.cf refuse whoever has nothing else.

    What: a restriction list in main.cf has permit_tls_clientcerts or permit_tls_all_clientcerts, a service asks for
    certificates, and a list that master.cf gives it by `-o`, mostly
    `smtpd_client_restrictions=permit_sasl_authenticated,reject`, refuses clients with a certificate alone.

    Why it matters: the certificate never does what main.cf says: mail programs that are set up without a password are
    told "Access denied" or "Relay access denied".

    How to mend it: write the permit into the list of the service, too.

    When to ignore it: this service is for passwords only; take `-o smtpd_tls_ask_ccert=yes` away from it then.

    Sources: postconf(5), smtpd_client_restrictions ("the restrictions of each list are applied on their own");
    SMTPD_ACCESS_README; tried on Postfix 3.7.11: 554 Client host rejected with a listed certificate.
    """

    name = "cert-clients-blocked-by-override"
    severity = Severity.MEDIUM
    product = "postfix"

    def check(self, access: Access) -> Iterator[Finding]:
        """Look at what refuses certificates at the services that ask for them."""
        found: dict[Origin, list[tuple[SmtpdService, Restriction, Restriction]]] = {}
        for ways in access.smtpd:
            permit, blocking = _main_permit(ways.service), _blocking(ways)
            if permit and blocking:
                place, refusing = blocking
                found.setdefault(place, []).append((ways.service, permit, refusing))
        for place, group in found.items():
            service, permit, refusing = group[0]
            fix = inserted(refusing.span, permit.name)
            yield self.finding(
                place,
                f"a client certificate alone is refused at {named(one for one, *_ in group)}, whatever"
                f" {permit.name} in main.cf says",
                because=[
                    (permit.origin, "has no say at this service"),
                    (service.asking_parameter.origin, "clients are asked for a certificate"),
                ],
                advice=f"write {permit.name} into this list, too",
                fix=fix and fix.opening().unsafe(),
            )


def _main_permit(service: SmtpdService) -> Restriction | None:
    """Return what lets certificates past in main.cf, for services without lists of their own."""
    items = (item for name in LISTS for item in service.postfix.restrictions(name))
    return next((item for item in items if item.name.lower() in PERMITS and item.span), None)


def _blocking(ways: SmtpdWays) -> tuple[Origin, Restriction] | None:
    """Return the ``-o`` that refuses every certificate, and what in it does; None where one relays, or in main.cf."""
    service = ways.service
    options = service.service.options if service.service else {}
    own = [name for name in LISTS if name in options]
    if not own or not service.asks_for_certificate or True not in ways.tls_states:
        return None
    by_certificate = [way for way in ways.ways if not way.is_anonymous and way.principal.user is None]
    if any(way.destination is Destination.FOREIGN for way in by_certificate):
        return None
    refusing = ways.refusing_certificates()
    if refusing is None:
        return None
    return next(((options[name].origin, refusing) for name in own if refusing in service.restrictions(name)), None)
