"""A TLS session that one service trusts is taken for trusted by another with other CAs."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from auditor.access.postfix_session import Destination
from auditor.access.rows import Certificate
from auditor.finding import Severity
from auditor.model.fixes import parameter_to
from auditor.model.smtpd import grouped
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.postfix_ways import SmtpdWays
    from auditor.access.table import Access
    from auditor.finding import Finding
    from auditor.model import Postfix
    from auditor.model.smtpd import SmtpdService

FIXED: Final = (3, 11, 7)


class TlsTicketCrossesServices(AccessRule):
    """A client certificate that one service trusts is trusted by another that has other CAs.

    What: Postfix is older than 3.11.7, two smtpd services ask for client certificates and trust different CAs
    (smtpd_tls_CAfile, smtpd_tls_CApath, tls_append_default_CA), and one of them lets clients relay because its CAs
    vouch for them.

    Why it matters: all services of one Postfix share the key of their TLS session tickets, and a ticket says that the
    certificate was trusted. A client gets one from the service that trusts its CA and goes on with it at the other one,
    which takes it for a holder of its own CA's certificates and relays its mail.

    How to mend it: trust the same CAs at all services; or go by fingerprints (permit_tls_clientcerts), which are
    compared each time; or write `tls_session_ticket_cipher =` to have no tickets. Postfix 3.11.7 stamps tickets.

    When to ignore it: whoever has a certificate of the one CA may relay anyway.

    Sources: HISTORY of Postfix, 20260805; tls_server.c, ticket_cb; tried on Postfix 3.7.11 and 3.10.13: refused with a
    fresh session, 250 with the other service's ticket; not on 3.11.7.
    """

    name = "tls-ticket-crosses-services"
    severity = Severity.HIGH
    product = "postfix"
    versions = "<3.11.7"

    def check(self, access: Access) -> Iterator[Finding]:
        """Look at pairs of services of one Postfix."""
        crossed: dict[SmtpdService, SmtpdService] = {}
        issuing: dict[Postfix, dict[object, SmtpdService]] = defaultdict(dict)
        for ways in filter(_issues_tickets, access.smtpd):
            issuing[ways.service.postfix].setdefault(_trusted(ways.service), ways.service)
        for service in (ways.service for ways in access.smtpd if _trusts_by_ca(ways)):
            own = _trusted(service)
            other = next((one for trusted, one in issuing[service.postfix].items() if trusted != own), None)
            if other:
                crossed[service] = other
        for origin, group in grouped(crossed, lambda one: one.authorities.settings[0].origin).items():
            lax_one = crossed[group[0]]
            settings = lax_one.authorities.settings
            fix = parameter_to(lax_one.postfix, lax_one.get("tls_session_ticket_cipher"), "")
            yield self.finding(
                origin,
                f"whoever {lax_one.name} trusts relays through {group[0].name}, too: a TLS session ticket carries the"
                " trust across",
                because=[
                    *((one.origin, f"the CAs of {lax_one.name}") for one in settings),
                    (group[0].asking_parameter.origin, "clients are asked for a certificate"),
                ],
                advice="let all services trust the same CAs, or go by fingerprints",
                fix=fix and fix.unsafe(),
            )


def _trusts_by_ca(ways: SmtpdWays) -> bool:
    """Whether a certificate relays because of its CA alone, also by a ticket of another service."""
    by_ca = any(
        way.destination is Destination.FOREIGN and way.principal.kind is Certificate.TRUSTED for way in ways.ways
    )
    return by_ca and ways.service.has_tickets and ways.service.postfix.version_numbers < FIXED


def _issues_tickets(ways: SmtpdWays) -> bool:
    service = ways.service
    return True in ways.tls_states and service.asks_for_certificate and service.authorities.configured


def _trusted(service: SmtpdService) -> tuple[str, ...]:
    """Return what says which CAs a service trusts."""
    names = ("smtpd_tls_CAfile", "smtpd_tls_CApath", "tls_append_default_CA")
    return tuple(service.get(name).effective for name in names)
