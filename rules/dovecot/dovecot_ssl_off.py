"""Passwords in clear because TLS is switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Confidence, Severity
from auditor.model.dovecot_fixes import with_tls
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class DovecotSslOff(DovecotAccessRule):
    """TLS is switched off, and clients from the Internet log in with passwords.

    What: `ssl = no` is in effect for a listener that clients elsewhere can reach, and passwords are let through without
    TLS (`disable_plaintext_auth = no`; 2.4: `auth_allow_cleartext = yes`).

    Why it matters: whoever is between client and server reads passwords and mail, and can change both.

    How to mend it: give the server a certificate (`ssl_cert` and `ssl_key`; 2.4: `ssl_server_cert_file` and
    `ssl_server_key_file`) and set `ssl = required`.

    When to ignore it: a proxy in front of it speaks TLS with the clients, and nobody else can reach this listener. Then
    say so by `listen`, or by `login_trusted_networks`.

    Sources: Dovecot wiki, SSL/DovecotConfiguration; RFC 8314, 3; Dovecot manual, core/config/ssl; tried on Dovecot
    2.3.19.1 and 2.4.1: LOGIN without STARTTLS from another address succeeds.
    """

    name = "dovecot-ssl-off"
    severity = Severity.CRITICAL
    confidence = Confidence.MEDIUM
    tags = ("tls", "access")

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield the settings that switch TLS off where passwords pass in clear."""
        for group in access.unprotected:
            if group.offers_tls or not group.sends_passwords:
                continue
            yield self.finding(
                group.ssl.origin,
                f"passwords and mail cross the net in clear: `{group.ssl.name} = no` leaves {group.services}"
                " without TLS",
                because=[(group.cleartext.origin, "passwords are let through in clear")],
                advice="set up a certificate and `ssl = required`",
                subject=group.ssl.name,
                fix=with_tls(access.dovecot, group.ssl, group.cleartext),
            )
