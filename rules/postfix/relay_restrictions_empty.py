"""The list that keeps strangers from relaying is emptied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.postfix_fixes import guarded_relay
from auditor.model.smtpd import grouped, named
from auditor.postfix.restrictions import GUARDS
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix
    from auditor.model.smtpd import SmtpdService
    from auditor.postfix.restrictions import Restriction
    from auditor.text import Origin


class RelayRestrictionsEmpty(PostfixRule):
    """The list that keeps strangers from relaying is set to nothing.

    What: smtpd_relay_restrictions is set, in main.cf or by `-o`, to what comes to nothing, and in
    smtpd_recipient_restrictions a table, a policy service or a class stands before what refuses foreign recipients, or
    nothing there refuses them.

    Why it matters: an OK of that table or service, to a HELO name or a sender for example, opens the server to
    strangers; with the default, `permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination`, it does not
    (medium). Where that list has no reject_unauth_destination either, smtpd does not start at all (high).

    How to mend it: take the line out, or write the list out with reject_unauth_destination at its end.

    When to ignore it: what stands before the refusal never says OK.

    Sources: postconf(5), smtpd_relay_restrictions; RELEASE_NOTES-2.10; smtpd_check.c, smtpd_check_init; tried on
    Postfix 3.7.11: with both lists empty smtpd ends with "specify at least one working instance of".
    """

    name = "relay-restrictions-empty"
    severity = Severity.HIGH
    versions = ">=2.10"

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the relay restrictions of every service."""
        for origin, group in grouped(postfix.smtpd_services, _emptied).items():
            first = _first_risk(group[0])
            recipients = group[0].get("smtpd_recipient_restrictions")
            because = [(recipients.origin, "has nothing that refuses foreign recipients")]
            message = f"nothing keeps strangers from relaying through {named(group)}"
            if first:
                because = [(first.origin, "stands before what refuses foreign recipients")]
                message = f"an OK of {first.name} lets strangers relay through {named(group)}"
            fix = guarded_relay(group[0])
            yield self.finding(
                origin,
                message,
                because=because,
                severity=Severity.MEDIUM if first else Severity.HIGH,
                advice="take the line out, so that the default is in effect, or end the list with"
                " reject_unauth_destination",
                fix=fix and (fix.unsafe() if first else fix.opening()),
            )


def _emptied(service: SmtpdService) -> Origin | None:
    """Return the empty list of a service where the other one does not make good for it."""
    parameter = service.get("smtpd_relay_restrictions")
    if parameter.assignment is None or parameter.expanded != "":
        return None
    return parameter.origin if _first_risk(service) or not service.has_relay_guard else None


def _first_risk(service: SmtpdService) -> Restriction | None:
    """Return what may permit strangers before the first restriction that refuses them."""
    for item in service.restrictions("smtpd_recipient_restrictions"):
        name = item.name.lower()
        if name in GUARDS and not item.warn_only:
            return None
        if item.argument and name.startswith("check_"):
            return item
    return None
