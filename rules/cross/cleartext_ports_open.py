"""Ports with STARTTLS that nobody needs to have open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.access.addresses import INTERNET
from auditor.finding import Severity
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.rows import Listener
    from auditor.access.table import Access
    from auditor.finding import Finding


class CleartextPortsOpen(AccessRule):
    """Users may log in after STARTTLS from the Internet, although there is a port with TLS from the first byte.

    What: a service takes logins from the Internet on a port where a connection begins in clear text (imap 143, pop3
    110, submission 587), and the same logins on another one where it begins with TLS (993, 995, 465). Port 25 does not
    count: other mail servers need it.

    Why it matters: whoever is between client and server can pretend that there is no STARTTLS. A client that then goes
    on sends the password in clear, before the server can refuse it.

    How to mend it: when no user's program needs the port any more, close it: `port = 0` in Dovecot's inet_listener,
    and no line for submission in master.cf.

    When to ignore it: programs of users know only STARTTLS, or you cannot tell.

    Sources: Dovecot wiki, SSL/DovecotConfiguration, "disable non-SSL ports"; RFC 8314, 3 and 4.1.
    """

    name = "cleartext-ports-open"
    severity = Severity.INFO
    tags = ("tls", "access")

    def check(self, access: Access) -> Iterator[Finding]:
        """Yield the ports that begin in clear beside one that begins with TLS."""
        logins = [row for row in access.rows if row.is_login and row.tls and row.source.addresses & INTERNET]
        listeners = dict.fromkeys(row.listener for row in logins if row.listener.port not in (None, 25))
        safe = {_what_for(one): one for one in listeners if one.wrapped}
        for listener in listeners:
            beside = None if listener.wrapped else safe.get(_what_for(listener))
            if beside:
                yield self.finding(
                    listener.origin,
                    f"{listener.label} begins in clear text and is open to the Internet beside {beside.label}",
                    because=[(beside.origin, f"{beside.label} begins with TLS")],
                    advice="close the port when no user's program needs it any more",
                    subject=listener.label,
                )


def _what_for(listener: Listener) -> str:
    """Return what users do at a listener: the protocol of Dovecot; at every smtpd they hand in mail."""
    return "submission" if listener.product == "postfix" else listener.service
