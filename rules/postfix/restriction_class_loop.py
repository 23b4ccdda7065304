"""A restriction class that leads to itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.postfix_fixes import replaced
from auditor.model.smtpd import said_of
from auditor.postfix.restrictions import ALL_LISTS
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix
    from auditor.model.smtpd import SmtpdService
    from auditor.postfix.restrictions import Restriction


class RestrictionClassLoop(PostfixRule):
    """A restriction class leads to itself, and smtpd crashes.

    What: a class of smtpd_restriction_classes has itself among its restrictions, or another class that leads back to
    it, and a restriction list uses it.

    Why it matters: smtpd calls itself until it crashes, and the client loses its connection: where nothing in the list
    ends it before, no mail is taken. Where the class stands before what keeps strangers from relaying, smtpd does not
    even start.

    How to mend it: take the name of the class out of its own restrictions.

    When to ignore it: never.

    Sources: smtpd_check.c, generic_checks and has_required, which have no bound there; tried on Postfix 3.7.11 and
    3.10.13: the connection is closed at RCPT TO.
    """

    name = "restriction-class-loop"
    severity = Severity.HIGH

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the lists of every service."""
        found: dict[Restriction, list[SmtpdService]] = {}
        for service in postfix.smtpd_services:
            for name in ALL_LISTS:
                for item in service.restrictions(name):
                    if item.is_loop:
                        found.setdefault(item, []).append(service)
        for item, services in found.items():
            way = " to ".join((*item.via[item.via.index(item.name) :], item.name))
            fix = replaced(item.span)
            yield self.finding(
                item.origin,
                f"{said_of(services, 'crashes', 'crash')}: the restriction class {item.name} leads to itself ({way})",
                advice=f"take {item.name} out of these restrictions",
                subject=item.name,
                fix=fix and fix.opening().unsafe(),
            )
