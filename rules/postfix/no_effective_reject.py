"""Nothing keeps strangers from relaying, and smtpd does not start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import with_word_at_end
from auditor.model.smtpd import said_of
from auditor.postfix.restrictions import MAIL_LISTS
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Postfix
    from auditor.model.smtpd import SmtpdService
    from auditor.text import Origin


class NoEffectiveReject(PostfixRule):
    """No restriction keeps strangers from relaying, so that smtpd does not start and no mail arrives.

    What: neither smtpd_relay_restrictions nor smtpd_recipient_restrictions has reject_unauth_destination,
    defer_unauth_destination, reject, defer or defer_if_permit before a `permit` of its own; one behind warn_if_reject
    does not count. Restriction classes are looked into.

    Why it matters: smtpd ends as soon as it starts: "specify at least one working instance of". The port is open, and
    nobody gets an answer.

    How to mend it: end smtpd_relay_restrictions with reject_unauth_destination, or take the line out.

    When to ignore it: never; the service does not work.

    Sources: postconf(5), smtpd_relay_restrictions ("IMPORTANT"); smtpd_check.c, smtpd_check_init, has_required; tried
    on Postfix 3.7.11, 3.10.13 and 3.11.7.
    """

    name = "no-effective-reject"
    severity = Severity.CRITICAL
    tags = ("refused",)

    def check(self, postfix: Postfix) -> Iterator[Finding | NotChecked]:
        """Look at the lists of every service that is told what to do by a list of its own or of main.cf."""
        found: dict[Origin, list[SmtpdService]] = {}
        for service in postfix.smtpd_services:
            if service.has_relay_guard or not service.restriction_lists_known:
                continue
            parameters = [service.get(name) for name in MAIL_LISTS]
            if postfix.version_is_assumed and parameters[0].assignment is None:
                what = "whether smtpd starts without smtpd_relay_restrictions"
                yield self.not_checked(what, "the version of Postfix is not known")
                continue
            place = next((one.origin for one in parameters if one.assignment), service.origin)
            found.setdefault(place, []).append(service)
        for place, services in found.items():
            fix = with_word_at_end(services[0].get(MAIL_LISTS[0]), "reject_unauth_destination")
            yield self.finding(
                place,
                f"{said_of(services, 'does', 'do')} not start: neither {MAIL_LISTS[0]} nor {MAIL_LISTS[1]} has a"
                " working reject_unauth_destination",
                advice="end smtpd_relay_restrictions with reject_unauth_destination",
                fix=fix.opening() if fix else None,
            )
