"""TLS from the first byte where nobody expects it, or not where everybody does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.model.fixes import all_of
from auditor.model.postfix_fixes import services_to, tls_demanded
from auditor.model.smtpd import grouped, said_of
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.change import Fix
    from auditor.finding import Finding
    from auditor.model import Postfix
    from auditor.model.smtpd import SmtpdService

SMTP: Final = 25
WRAPPER: Final = "smtpd_tls_wrappermode"


class WrappermodeMismatch(PostfixRule):
    """A port speaks TLS from the first byte and should not, or should and does not.

    What: smtpd_tls_wrappermode is on for port 25 or 587, or off for port 465.

    Why it matters: clients wait for the other side to speak until they give up: on 25 and 587 for a greeting, on 465
    for a TLS handshake. Some then fall back to clear text.

    How to mend it: give `-o smtpd_tls_wrappermode=yes` in master.cf to port 465 and to no other.

    When to ignore it: a proxy in front of Postfix speaks TLS for port 465.

    Sources: RFC 8314, 3.3; postconf(5), smtpd_tls_wrappermode; tried on Postfix 3.7.11 and 3.10.13.
    """

    name = "wrappermode-mismatch"
    severity = Severity.HIGH
    tags = ("tls",)

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the services on the three ports."""
        services = [one for one in postfix.smtpd_services if not one.speaks_proxy_protocol]
        wrapped = (one for one in services if one.port in (SMTP, 587) and one.is_on(WRAPPER))
        for origin, group in grouped(wrapped, lambda one: one.get(WRAPPER).origin).items():
            message = f"{said_of(group, 'speaks', 'speak')} TLS from the first byte, and clients wait for a greeting"
            advice = "give `-o smtpd_tls_wrappermode=yes` in master.cf to port 465 only"
            yield self.finding(origin, message, because=[(group[0].origin, "the port")], advice=advice, fix=_fix(group))
        clear = (one for one in services if one.port == 465 and not one.is_on(WRAPPER))
        for origin, group in grouped(clear, lambda one: one.origin).items():
            message = f"{said_of(group, 'speaks', 'speak')} in clear text on the port for TLS from the first byte"
            fix = all_of(*(tls_demanded(one, WRAPPER, "yes") for one in group))
            advice = "add `-o smtpd_tls_wrappermode=yes`"
            yield self.finding(origin, message, advice=advice, fix=fix and fix.unsafe())


def _fix(services: list[SmtpdService]) -> Fix | None:
    """Let clients begin in clear text, and still insist on TLS where users hand in mail."""
    users = [one for one in services if one.port != SMTP]
    levels = [tls_demanded(one, "smtpd_tls_security_level", "encrypt") for one in users]
    fix = all_of(services_to(services, WRAPPER, "no"), *levels)
    return fix and (fix.opening().unsafe() if users else fix.opening())
