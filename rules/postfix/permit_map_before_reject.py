"""What a client says lets it relay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.model.postfix_fixes import behind_guard
from auditor.model.smtpd import named
from auditor.postfix.restrictions import MAIL_LISTS
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.postfix_run import Permit
    from auditor.access.postfix_ways import SmtpdWays
    from auditor.access.table import Access
    from auditor.finding import Finding, NotChecked
    from auditor.text import Origin

_SAID: Final = {
    "check_helo_access": "says a HELO name",
    "check_sender_access": "gives a sender",
    "check_recipient_access": "gives a recipient",
    "check_client_access": "comes from an address",
    "check_ccert_access": "shows a certificate",
}


class PermitMapBeforeReject(AccessRule):
    """A table of HELO names, senders, recipients or clients lets strangers relay.

    What: check_helo_access, check_sender_access, check_recipient_access or check_client_access stands before what
    refuses foreign recipients, in every list that would refuse them, and its table answers OK, RELAY, a number alone or
    a restriction that permits.

    Why it matters: HELO name and sender are what the client says they are: whoever says the right one relays
    anywhere (critical). Public addresses are not forged as easily, but change hands (medium).

    How to mend it: move the check behind reject_unauth_destination, or let its table say DUNNO or
    permit_auth_destination instead of OK. A `550` without a text permits, too: write `550 no`.

    When to ignore it: the addresses are those of your own hosts.

    Sources: SMTPD_ACCESS_README, "Dangerous use of smtpd_recipient_restrictions"; access(5); smtpd_check.c,
    check_table_result; tried on Postfix 3.7.11 and 3.10.13. smtpd_relay_restrictions of Postfix 2.10 and later protects
    as long as the table is not in it.
    """

    name = "permit-map-before-reject"
    severity = Severity.CRITICAL
    product = "postfix"

    def check(self, access: Access) -> Iterator[Finding | NotChecked]:
        """Look at the tables that let strangers past."""
        found: dict[tuple[Origin, Permit], list[SmtpdWays]] = {}
        for service in access.smtpd:
            for way in service.strangers:
                if way.by_mynetworks or not (permit := way.by_table):
                    continue
                if way.is_certain:
                    found.setdefault((permit.entry or permit.item.origin, permit), []).append(service)
                else:
                    for missing in (*way.outcome.relied_on, *way.outcome.doubts):
                        yield self.not_checked(missing.what, missing.why)
        for (origin, permit), services in found.items():
            by_address = permit.item.name.lower() == "check_client_access"
            how = _SAID[permit.item.name.lower()]
            names = named(service.service for service in services)
            lists = (services[0].service.restrictions(name) for name in MAIL_LISTS)
            fix = next((fix for items in lists if (fix := behind_guard(permit.item, items))), None)
            yield self.finding(
                origin,
                f"whoever {how} that this table permits relays mail through {names}",
                because=[(permit.item.origin, f"{permit.item.name} stands before what refuses foreign recipients")],
                advice=f"move {permit.item.name} behind reject_unauth_destination, or let the table say DUNNO",
                fix=fix and fix.unsafe(),
                severity=Severity.MEDIUM if by_address else Severity.CRITICAL,
            )
