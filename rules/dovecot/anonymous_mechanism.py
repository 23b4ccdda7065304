"""Logins without a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import without_element
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class AnonymousMechanism(DovecotAccessRule):
    """Anybody is let in without a name.

    What: ANONYMOUS is among `auth_mechanisms`, and clients elsewhere can reach IMAP or POP3, or a Postfix asks this
    Dovecot about its clients.

    Why it matters: everybody opens the mailbox of `auth_anonymous_username`. Through Postfix, which takes such a client
    for authenticated unless `smtpd_sasl_security_options` says `noanonymous`, everybody relays.

    How to mend it: take `anonymous` out of `auth_mechanisms`.

    When to ignore it: a public archive of folders, made on purpose.

    Sources: RFC 4505; src/auth/mech-anonymous.c; tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "anonymous-mechanism"
    severity = Severity.HIGH
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield the place where ANONYMOUS is offered, when others can use it."""
        offered = access.dovecot.mechanisms.get("anonymous")
        rows = [row for row in access.rows if "ANONYMOUS" in row.mechanisms and not row.source.is_local]
        services = list(dict.fromkeys(row.listener.service for row in rows))
        services += ["Postfix"] if access.dovecot.asked_by_postfix else []
        if offered is not None and services:
            yield self.finding(
                offered.origin,
                f"everybody is let in without a name ({', '.join(services)})",
                advice="take `anonymous` out of `auth_mechanisms`",
                subject="auth_mechanisms anonymous",
                fix=without_element(offered, "auth_mechanisms"),
            )
