"""Strangers relay mail."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from auditor.access.rows import Certificate
from auditor.finding import Severity
from auditor.model.postfix_fixes import inserted, with_word
from auditor.model.smtpd import named
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.postfix_ways import SmtpdWays, Way
    from auditor.access.table import Access
    from auditor.change import Fix
    from auditor.finding import Finding, NotChecked
    from auditor.text import Origin

GUARD: Final = "reject_unauth_destination"


class RelayPolicyOpen(AccessRule):
    """A service relays mail for strangers.

    What: a run of all restriction lists of a service, for a client of whom nothing is known, takes a recipient in a
    foreign domain: no list refuses it, or one permits it before the refusal, such as `permit` or a certificate that
    anybody can make. Clients in mynetworks, and tables that permit by what a client says, have rules of their own.

    Why it matters: an open relay. Spammers find it within hours, and the server ends on blocklists.

    How to mend it: leave smtpd_relay_restrictions to its default, or let it end with reject_unauth_destination, with
    nothing but permit_mynetworks, permit_sasl_authenticated and permit_tls_clientcerts in front.

    When to ignore it: the service is a trap for spam, or a firewall keeps everybody else from it.

    Sources: SMTPD_ACCESS_README, "Dangerous use of smtpd_recipient_restrictions"; postconf(5),
    smtpd_relay_restrictions; smtpd_check.c, smtpd_check_rcpt; tried on Postfix 3.7.11 and 3.10.13.
    """

    name = "relay-policy-open"
    severity = Severity.CRITICAL
    product = "postfix"

    def check(self, access: Access) -> Iterator[Finding | NotChecked]:
        """Look at what strangers get at each service."""
        found: dict[Origin, list[SmtpdWays]] = defaultdict(list)
        ways: dict[Origin, Way] = {}
        for service in access.smtpd:
            for way in service.strangers:
                if way.by_mynetworks or way.by_table:
                    continue
                if not way.is_certain:
                    for missing in (*way.outcome.relied_on, *way.outcome.doubts):
                        yield self.not_checked(missing.what, missing.why)
                    continue
                origin = way.outcome.permits[0].item.origin if way.outcome.permits else _list(service)
                found[origin].append(service)
                ways.setdefault(origin, way)
        for origin, services in found.items():
            way = ways[origin]
            fix = _fix(services[0], way)
            who = "anybody with a self-made certificate" if way.principal.kind is Certificate.ANY else "anybody"
            yield self.finding(
                origin,
                f"{who} relays mail through {named(service.service for service in services)}",
                because=[place for place in way.outcome.because if place[0] != origin],
                advice="let smtpd_relay_restrictions be `permit_mynetworks, permit_sasl_authenticated,"
                " reject_unauth_destination`",
                fix=fix and fix.unsafe(),
            )


def _fix(service: SmtpdWays, way: Way) -> Fix | None:
    """Refuse foreign recipients before what permits them, or else at the end."""
    if way.outcome.permits:
        return inserted(way.outcome.permits[0].item.span, GUARD)
    return with_word(service.service.get("smtpd_relay_restrictions"), GUARD, service.service.postfix)


def _list(service: SmtpdWays) -> Origin:
    return service.service.get("smtpd_relay_restrictions").origin
