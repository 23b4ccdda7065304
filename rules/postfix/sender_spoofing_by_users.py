"""Users that write in each other's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Confidence, Severity
from auditor.model.smtpd import grouped, named
from auditor.postfix.restrictions import ACCESS_LISTS
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix
    from auditor.model.smtpd import SmtpdService

CHECKS: Final = frozenset(
    {"reject_sender_login_mismatch", "reject_authenticated_sender_login_mismatch", "reject_known_sender_login_mismatch"}
)


class SenderSpoofingByUsers(PostfixRule):
    """Every user may send in the name of every other.

    What: a service takes logins, and neither reject_sender_login_mismatch nor
    reject_authenticated_sender_login_mismatch stands in its lists, or smtpd_sender_login_maps is empty.

    Why it matters: who has one user's password writes as the boss, and DKIM signs it.

    How to mend it: say in smtpd_sender_login_maps who may use which address, and write
    `reject_authenticated_sender_login_mismatch` in front of what permits in smtpd_sender_restrictions.

    When to ignore it: few users trust each other, or a milter checks senders.

    Sources: postconf(5), smtpd_sender_login_maps; docker-mailserver's SPOOF_PROTECTION; Mail-in-a-Box's setup.
    """

    name = "sender-spoofing-by-users"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    off_because = "on small sites users may write for each other, and milters may check it"

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the services that take logins."""
        services = (one for one in postfix.smtpd_services if one.is_on("smtpd_sasl_auth_enable") and _is_free(one))
        for origin, group in grouped(services, lambda one: one.get("smtpd_sasl_auth_enable").origin).items():
            yield self.finding(
                origin,
                f"every user may send in the name of every other at {named(group)}",
                advice="say in smtpd_sender_login_maps who may use which address, and reject mismatches",
            )


def _is_free(service: SmtpdService) -> bool:
    names = {one.name.lower() for name in ACCESS_LISTS for one in service.restrictions(name)}
    return not (names & CHECKS and service.get("smtpd_sender_login_maps").effective.strip())
