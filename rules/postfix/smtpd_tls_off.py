"""Mail that arrives in clear text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.model.postfix_fixes import services_to
from auditor.model.smtpd import TlsLevel, confidence_in, grouped, named, said_of
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.change import Fix
    from auditor.finding import Finding
    from auditor.model import Postfix
    from auditor.model.smtpd import SmtpdService
    from auditor.text import Origin

LEVEL: Final = "smtpd_tls_security_level"
CERTIFICATES: Final = ("smtpd_tls_chain_files", "smtpd_tls_cert_file", "smtpd_tls_eccert_file", "smtpd_tls_dcert_file")


class SmtpdTlsOff(PostfixRule):
    """Other servers cannot deliver mail under TLS.

    What: a service that takes mail from the Internet has the security level `none`, or an empty one, the default; or
    TLS is on and no certificate is set.

    Why it matters: all mail arrives in clear text. Whoever listens on the way reads it, though nearly all servers would
    encrypt. Without a certificate STARTTLS is not offered, or every handshake that wants one fails.

    How to mend it: set smtpd_tls_cert_file and smtpd_tls_key_file, or smtpd_tls_chain_files, and
    `smtpd_tls_security_level = may`.

    When to ignore it: a proxy in front of Postfix does TLS, and the last step is yours alone.

    Sources: postconf(5), smtpd_tls_security_level; TLS_README, "Enabling TLS in the Postfix SMTP server"; BSI TR-03108.
    """

    name = "smtpd-tls-off"
    severity = Severity.HIGH
    tags = ("tls",)

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the services that other servers deliver to."""
        services = [one for one in postfix.smtpd_services if one.takes_mail_from_internet]
        # At a level that it does not know smtpd does not even start.
        off = (one for one in services if one.get(LEVEL).effective.lower() in ("", "none"))
        off = (one for one in off if one.tls_level is TlsLevel.NONE)
        for origin, group in grouped(off, lambda one: one.get(LEVEL).origin).items():
            level = group[0].get(LEVEL)
            message = f"mail for {named(group)} arrives in clear text: {level.name} is {level.shown or 'empty'}"
            fix = services_to(group, LEVEL, "may") if all(map(_has_certificate, group)) else None
            yield self._finding(origin, message, postfix.unset(level), group, fix)
        bare = (one for one in services if one.tls_level is not TlsLevel.NONE and not _has_certificate(one))
        for origin, group in grouped(bare, lambda one: one.tls_settings[0][0]).items():
            message = f"{said_of(group, 'has', 'have')} TLS on and no certificate to offer it with"
            yield self._finding(origin, message, postfix.unset(group[0].get("smtpd_tls_cert_file")), group)

    def _finding(
        self,
        origin: Origin,
        message: str,
        because: list[tuple[str, str]],
        group: list[SmtpdService],
        fix: Fix | None = None,
    ) -> Finding:
        advice = "set smtpd_tls_cert_file and smtpd_tls_key_file, and write `smtpd_tls_security_level = may`"
        sure = confidence_in(group)
        return self.finding(origin, message, because=because, advice=advice, confidence=sure, fix=fix and fix.unsafe())


def _has_certificate(service: SmtpdService) -> bool:
    return any(service.get(name).effective.strip() for name in CERTIFICATES)
