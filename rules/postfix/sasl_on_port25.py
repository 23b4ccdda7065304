"""Logins on the port of other mail servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.postfix_fixes import main_to
from auditor.model.smtpd import grouped, named
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix


class SaslOnPort25(PostfixRule):
    """Users may log in where other servers deliver their mail.

    What: smtpd_sasl_auth_enable is on for a service on port 25 of a public address.

    Why it matters: everybody on the Internet may try passwords there, past what is stricter on the submission ports.
    Where TLS is optional, as it must be on port 25, users may give theirs in clear text.

    How to mend it: write `smtpd_sasl_auth_enable = no` in main.cf and `-o smtpd_sasl_auth_enable=yes` for the
    submission services in master.cf.

    When to ignore it: users still send through port 25, and there is no other port; then it is low.

    Sources: RFC 8314, 3; SASL_README; docker-mailserver's and Mail-in-a-Box's master.cf; smtpd.c, ehlo_cmd: AUTH is
    announced wherever SASL is active, whatever the port.
    """

    name = "sasl-on-port25"
    severity = Severity.MEDIUM

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the services that take logins."""
        services = [one for one in postfix.smtpd_services if one.is_on("smtpd_sasl_auth_enable")]
        public = [one for one in services if one.takes_mail_from_internet and one.service]
        others = [one for one in services if one.port in (465, 587)]
        for origin, group in grouped(public, lambda one: one.get("smtpd_sasl_auth_enable").origin).items():
            fix = main_to(group, "smtpd_sasl_auth_enable", "no", keeping=services) if others else None
            yield self.finding(
                origin,
                f"users may log in at {named(group)}, port 25, where anybody may try passwords",
                because=[
                    (group[0].origin, "listens on port 25"),
                    *((one.origin, "is there for users") for one in others),
                ],
                advice="write `no` in main.cf and `-o smtpd_sasl_auth_enable=yes` for submission in master.cf",
                severity=Severity.MEDIUM if others else Severity.LOW,
                fix=fix and fix.unsafe(),
            )
