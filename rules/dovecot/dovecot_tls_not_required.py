"""Mail in clear behind a login that is safe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import setting_to
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class DovecotTlsNotRequired(DovecotAccessRule):
    """Sessions stay in clear because a mechanism works without TLS.

    What: `ssl = yes`, not `required`, for a listener that clients elsewhere can reach, and a mechanism is offered that
    does not send the password itself, such as CRAM-MD5, SCRAM-SHA-256 or GSSAPI. Dovecot lets those log in without TLS.

    Why it matters: the login is protected, the session is not: whoever is between client and server reads the mail, and
    can slip commands in.

    How to mend it: set `ssl = required`.

    When to ignore it: never on the Internet. With PLAIN and LOGIN alone `yes` is as good, since those are refused
    without TLS, and this rule is silent.

    Sources: Dovecot wiki, SSL/DovecotConfiguration ("the main difference" between yes and required); tried on Dovecot
    2.3.19.1 and 2.4.1: CRAM-MD5 logs in without TLS, and not with `ssl = required`.
    """

    name = "dovecot-tls-not-required"
    severity = Severity.MEDIUM
    tags = ("tls",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield the places where TLS is optional, and the mechanisms that do without it."""
        for group in access.unprotected:
            if not group.offers_tls or group.sends_passwords or not group.other_mechanisms:
                continue
            yield self.finding(
                group.ssl.origin,
                f"sessions by {', '.join(group.other_mechanisms)} may stay in clear ({group.services})",
                advice="set `ssl = required`",
                subject=group.ssl.name,
                fix=setting_to(access.dovecot, group.ssl, "required"),
            )
