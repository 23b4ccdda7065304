"""Auth sockets for every program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.access.rows import Right
from auditor.finding import Confidence, Severity
from auditor.model.dovecot_fixes import socket_for_its_user
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class AuthSocketWorld(DovecotAccessRule):
    """Every program on the host may speak with the auth service.

    What: a `unix_listener` of the service `auth` that is for Postfix and the like lets others write (`mode = 0666`),
    and stands in no folder named `private`, which Postfix keeps closed.

    Why it matters: every local user, a web application for one, guesses passwords without delay, claims any client
    address, and claims that a client certificate was shown.

    How to mend it: `mode = 0660` with `user` and `group` of the program that uses it, such as postfix.

    When to ignore it: a folder above it lets nobody else through.

    Sources: Dovecot manual, Postfix and Dovecot SASL; src/auth/auth-settings.c; tried on Dovecot 2.3.19.1: as nobody,
    EXTERNAL with a claimed certificate name succeeds by a socket of mode 0666.
    """

    name = "auth-socket-world"
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield the sockets of auth that others may use."""
        for row in access.open_sockets("auth"):
            path = row.listener.path
            if "/private/" not in path and row.right is Right.CHANGE_IDENTITY:
                yield self.finding(
                    row.listener.origin,
                    f"every user of this host may ask the auth service about passwords ({path})",
                    advice="set `mode = 0660`, and `user` and `group` to the program that uses the socket",
                    subject=path,
                    fix=socket_for_its_user(access.dovecot, row.listener.origin),
                )
