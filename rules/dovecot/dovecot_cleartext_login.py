"""Passwords in clear although TLS is offered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.dovecot_fixes import switched
from auditor.model.fixes import all_of, setting_to
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class DovecotCleartextLogin(DovecotAccessRule):
    """Clients from the Internet may send their password without TLS.

    What: `disable_plaintext_auth = no` (2.4: `auth_allow_cleartext = yes`) is in effect for a listener that clients
    elsewhere can reach, TLS is offered there but not required, and PLAIN or LOGIN takes passwords.

    Why it matters: a client that is set up without TLS, or that is made to believe that the server has none, sends the
    password for all to read.

    How to mend it: take the line out, which is the default, or set `ssl = required`, which wins over it.

    When to ignore it: never on the Internet. To let clients of one network log in in clear, put the line into a
    `remote` block with that network.

    Sources: Dovecot manual, core/config/ssl; RFC 8314, 4.1; tried on Dovecot 2.3.19.1 and 2.4.1: LOGIN without STARTTLS
    from another address succeeds, and fails with `ssl = required`.
    """

    name = "dovecot-cleartext-login"
    severity = Severity.CRITICAL
    tags = ("tls", "access")

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield the settings that let passwords through in clear."""
        for group in access.unprotected:
            if not group.offers_tls or not group.sends_passwords:
                continue
            fix = switched(access.dovecot, group.cleartext)
            required = setting_to(access.dovecot, group.ssl, "required")
            yield self.finding(
                group.cleartext.origin,
                f"clients may send their password without TLS ({group.services})",
                because=[(group.ssl.origin, "TLS is offered, not required")],
                advice="take the line out, or set `ssl = required`",
                subject=group.cleartext.name,
                fix=all_of(fix, required) if group.other_mechanisms else fix,
            )
