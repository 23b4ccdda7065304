"""LMTP for the Internet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.dovecot_fixes import bound_to_loopback
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class LmtpOpen(DovecotAccessRule):
    """Anybody on the Internet may put mail into mailboxes.

    What: the service `lmtp` has an `inet_listener` on an address that clients elsewhere can reach.

    Why it matters: LMTP asks for no login and checks nothing: mail comes in behind the back of Postfix with its spam
    filters, and existing users can be told from others.

    How to mend it: use a UNIX socket, or bind the listener to 127.0.0.1 or to the address of a network of your own.

    When to ignore it: a firewall, or a network of containers, lets nothing but the mail server through.

    Sources: Dovecot manual, LMTP server; RFC 2033, 5 (LMTP is not for use on the Internet); tried on Dovecot 2.3.19.1
    and 2.4.1.
    """

    name = "lmtp-open"
    severity = Severity.MEDIUM
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield LMTP's ports that are open to the Internet."""
        for row in access.ports_on_internet("lmtp"):
            yield self.finding(
                row.listener.origin,
                f"anybody may put mail into mailboxes, past all filters ({row.listener.label})",
                advice="use a UNIX socket, or bind it to 127.0.0.1",
                subject=row.listener.label,
                fix=bound_to_loopback(access.dovecot, row.listener.origin),
            )
