"""Half the Internet may relay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.access.addresses import is_wide_network, widest_public_network
from auditor.finding import Severity
from auditor.model.postfix_fixes import without_words
from auditor.model.smtpd import named
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.postfix_ways import SmtpdWays
    from auditor.access.table import Access
    from auditor.finding import Finding, NotChecked
    from auditor.text import Origin

OPEN: Final = 8
"""The prefix length up to which a network is no network of anybody's."""


class MynetworksWide(AccessRule):
    """Networks of strangers may relay mail.

    What: a service relays for the clients in mynetworks, and mynetworks holds a public network of 4096 addresses or
    more (IPv6: a /44 or more), up to everything (`0.0.0.0/0`).

    Why it matters: whoever has an address in it sends mail anywhere through the server, with no login. With a /8 or
    more this is an open relay (critical); with the network of a provider it is one to all of its customers (high).

    How to mend it: list your own addresses alone: `mynetworks = 127.0.0.0/8 [::1]/128` and the hosts that must relay,
    with their full prefix lengths. Users on the road log in instead.

    When to ignore it: the network is yours as a whole, and nobody else gets an address in it.

    Sources: postconf(5), mynetworks; SMTPD_ACCESS_README; tried on Postfix 3.7.11 and 3.10.13: with 0.0.0.0/0 a
    stranger relays.
    """

    name = "mynetworks-wide"
    severity = Severity.CRITICAL
    product = "postfix"

    def check(self, access: Access) -> Iterator[Finding | NotChecked]:
        """Look at the services that relay for mynetworks."""
        found: dict[Origin, list[SmtpdWays]] = {}
        for service in access.smtpd:
            if any(way.outcome.is_permitted_by("permit_mynetworks") for way in service.strangers):
                found.setdefault(service.service.get("mynetworks").origin, []).append(service)
            for missing in service.clients.mynetworks.unknown:
                if any(missing in way.outcome.relied_on for way in service.strangers):
                    yield self.not_checked(missing.what, missing.why)
        for origin, services in found.items():
            widest = widest_public_network(services[0].clients.mynetworks.addresses)
            if widest is None:
                continue
            fix = without_words(services[0].service.get("mynetworks"), is_wide_network, "127.0.0.0/8")
            names = named(service.service for service in services)
            who = "anybody" if widest.prefixlen == 0 else f"whoever has an address in {widest}"
            yield self.finding(
                origin,
                f"{who} relays mail through {names}: mynetworks holds {widest}",
                advice="list the addresses of your own hosts alone",
                fix=fix and fix.unsafe(),
                severity=Severity.CRITICAL if widest.prefixlen <= OPEN else Severity.HIGH,
            )
