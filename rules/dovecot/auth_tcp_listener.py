"""The auth service for the Internet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Confidence, Severity
from auditor.model.dovecot_fixes import bound_to_loopback
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class AuthTcpListener(DovecotAccessRule):
    """The auth service listens for the Internet.

    What: the service `auth` has an `inet_listener` on an address that clients elsewhere can reach.

    Why it matters: nobody has to prove anything to speak with it: it says which user and password fit, as fast as one
    asks, from whatever address the asker claims, and believes that a client certificate was shown.

    How to mend it: use a UNIX socket; where Postfix runs on another host, bind the listener to the address between the
    two.

    When to ignore it: a firewall, or a network of containers, lets nothing but the mail server through.

    Sources: Dovecot manual, auth client protocol; auth_request_import_auth in src/auth/auth-request-fields.c; tried on
    Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "auth-tcp-listener"
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield the auth service's ports that are open to the Internet."""
        for row in access.ports_on_internet("auth"):
            yield self.finding(
                row.listener.origin,
                f"anybody may ask the auth service about users and passwords ({row.listener.label})",
                advice="use a UNIX socket, or bind it to 127.0.0.1",
                subject=row.listener.label,
                fix=bound_to_loopback(access.dovecot, row.listener.origin),
            )
