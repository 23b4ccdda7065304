"""doveadm for the Internet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.dovecot_fixes import bound_to_loopback
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class DoveadmListenerOpen(DovecotAccessRule):
    """The administration protocol listens for the Internet.

    What: the service `doveadm` has an `inet_listener` on an address that clients elsewhere can reach, and
    `doveadm_password` or, over HTTP, `doveadm_api_key` is set.

    Why it matters: one password, which nothing keeps from being guessed, opens, changes and deletes the mail of every
    user.

    How to mend it: bind the listener to 127.0.0.1 or to the address of a network of your own; use a long random
    password.

    When to ignore it: a firewall lets nothing but the other servers of the cluster through.

    Sources: Dovecot manual, doveadm_password and doveadm HTTP API; src/doveadm/client-connection-tcp.c; tried on
    Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "doveadm-listener-open"
    severity = Severity.HIGH
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield doveadm's ports that are open to the Internet."""
        for row in access.ports_on_internet("doveadm"):
            yield self.finding(
                row.listener.origin,
                f"whoever knows one password reads and deletes all mail from anywhere ({row.listener.label})",
                because=row.because,
                advice="bind the listener to 127.0.0.1 or to a network of your own",
                subject=row.listener.label,
                fix=bound_to_loopback(access.dovecot, row.listener.origin),
            )
