"""Strangers may say that they are somebody else."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from auditor.access.addresses import INTERNET, network_in
from auditor.access.postfix import PROXY, XCLIENT
from auditor.access.rows import Right
from auditor.finding import Severity
from auditor.model.postfix_fixes import without_words
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.addresses import AddressSet
    from auditor.access.rows import Row
    from auditor.access.table import Access
    from auditor.finding import Finding, NotChecked
    from auditor.text import Origin

PARAMETERS: Final = ("smtpd_authorized_xclient_hosts", "smtpd_authorized_xforward_hosts")
PROXIES: Final = {4: 28, 6: 64}
"""The prefix length, by IP version, below which a public network is more than the proxies of one site."""


class XclientXforwardWide(AccessRule):
    """Strangers may tell Postfix who they are.

    What: smtpd_authorized_xclient_hosts or smtpd_authorized_xforward_hosts holds a public network that is larger than
    the proxies of one site (IPv4: more than 16 addresses, IPv6: more than a /64).

    Why it matters: by XCLIENT a client names the address, the host name and even the SASL login that Postfix is to take
    it for: it says that it is in mynetworks or logged in, and relays (critical). By XFORWARD it only forges what the
    log and the filters behind see (low).

    How to mend it: list the addresses of your proxies alone, or take the line out.

    When to ignore it: a firewall lets nobody but the proxies connect.

    Sources: XCLIENT_README ("XCLIENT must not be available to untrusted hosts"), XFORWARD_README; postconf(5),
    smtpd_authorized_xclient_hosts; smtpd.c, xclient_cmd; tried on Postfix 3.7.11 and 3.10.13.
    """

    name = "xclient-xforward-wide"
    severity = Severity.CRITICAL
    product = "postfix"

    def check(self, access: Access) -> Iterator[Finding | NotChecked]:
        """Look at who may say that a session is somebody else's."""
        found: dict[tuple[Origin, bool], list[Row]] = defaultdict(list)
        for row in access.to(Right.CHANGE_IDENTITY):
            if row.listener.product != "postfix" or row.users == PROXY:
                continue
            for missing in row.unknown:
                yield self.not_checked(missing.what, missing.why)
            if not row.unknown and _is_wide(row.source.addresses):
                found[row.because[0][0], row.users == XCLIENT].append(row)
        parameters = (ways.service.get(name) for ways in access.smtpd for name in PARAMETERS)
        by_place = {parameter.origin: parameter for parameter in parameters}
        for (origin, xclient), rows in found.items():
            fix = without_words(by_place[origin], _names_wide) if origin in by_place else None
            where = ", ".join(dict.fromkeys(row.listener.label for row in rows))
            what = "says by XCLIENT which address and login it has" if xclient else "forges by XFORWARD what is logged"
            yield self.finding(
                origin,
                f"whoever connects from {rows[0].source.name} {what}, at {where}",
                advice="list the addresses of your own proxies alone",
                fix=fix and fix.unsafe(),
                severity=Severity.CRITICAL if xclient else Severity.LOW,
            )


def _is_wide(addresses: AddressSet) -> bool:
    return any(network.prefixlen < PROXIES[network.version] for network in (addresses & INTERNET).networks())


def _names_wide(word: str) -> bool:
    addresses = network_in(word)
    return addresses is not None and _is_wide(addresses)
