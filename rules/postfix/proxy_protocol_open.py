"""Addresses that clients may invent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.access.postfix_session import Destination
from auditor.finding import Confidence, Severity
from auditor.model.smtpd import grouped, named
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.table import Access
    from auditor.finding import Finding


class ProxyProtocolOpen(AccessRule):
    """Whoever reaches the port says himself where he comes from.

    What: smtpd_upstream_proxy_protocol, or postscreen_upstream_proxy_protocol in front of smtpd, is `haproxy` for a
    service on an address that strangers may reach.

    Why it matters: the first line names the client's address, and Postfix believes it. With an address of mynetworks
    everybody relays.

    How to mend it: have the service listen on an address that only the proxy reaches, or let a firewall see to that.

    When to ignore it: a firewall lets only the proxy through to the port.

    Sources: postconf(5), smtpd_upstream_proxy_protocol; smtpd_haproxy.c; POSTSCREEN_README.
    """

    name = "proxy-protocol-open"
    severity = Severity.CRITICAL
    confidence = Confidence.MEDIUM
    product = "postfix"

    def check(self, access: Access) -> Iterator[Finding]:
        """Look at the services that believe a proxy."""
        services = {one.service: one for one in access.smtpd}
        open_ones = (one for one in services if one.speaks_proxy_protocol and one.is_within_reach)
        for origin, group in grouped(open_ones, lambda one: one.proxy_parameter.origin).items():
            ways = services[group[0]].ways
            relays = any(way.by_mynetworks and way.destination is Destination.FOREIGN for way in ways)
            gains = ", and whoever says to come from mynetworks relays" if relays else ""
            yield self.finding(
                origin,
                f"clients of {named(group)} say themselves where they come from{gains}",
                because=[(group[0].origin, "listens on every address")],
                advice="have it listen on an address that only the proxy reaches",
                severity=Severity.CRITICAL if relays else Severity.HIGH,
            )
