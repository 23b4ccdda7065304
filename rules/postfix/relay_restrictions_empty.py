"""The list that keeps strangers from relaying is emptied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.smtpd import grouped, named
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix
    from auditor.model.smtpd import SmtpdService
    from auditor.text import Origin


class RelayRestrictionsEmpty(PostfixRule):
    """The list that keeps strangers from relaying is set to nothing.

    What: smtpd_relay_restrictions is set, in main.cf or by `-o`, and what it is set to comes to nothing. Its default
    is `permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination`.

    Why it matters: everything rests on smtpd_recipient_restrictions then, where a table that says OK to a HELO name or
    a sender opens the server to strangers. Where that list has no reject_unauth_destination either, smtpd does not
    start at all.

    How to mend it: take the line out, or write the list out with reject_unauth_destination at its end.

    When to ignore it: the configuration is from before Postfix 2.10 and its smtpd_recipient_restrictions has
    permit_mynetworks, permit_sasl_authenticated and reject_unauth_destination, in this order, before anything else.

    Sources: postconf(5), smtpd_relay_restrictions; RELEASE_NOTES-2.10; smtpd_check.c, smtpd_check_init; tried on
    Postfix 3.7.11: with both lists empty smtpd ends with "specify at least one working instance of".
    """

    name = "relay-restrictions-empty"
    severity = Severity.HIGH
    versions = ">=2.10"

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the relay restrictions of every service."""
        for origin, group in grouped(postfix.smtpd_services, _emptied).items():
            recipients = group[0].get("smtpd_recipient_restrictions")
            yield self.finding(
                origin,
                f"nothing but smtpd_recipient_restrictions keeps strangers from relaying through {named(group)}",
                because=[(recipients.origin, "what is left to keep strangers out")],
                advice="take the line out, so that the default is in effect, or end the list with"
                " reject_unauth_destination",
            )


def _emptied(service: SmtpdService) -> Origin | None:
    parameter = service.get("smtpd_relay_restrictions")
    return parameter.origin if parameter.assignment and parameter.expanded == "" else None
