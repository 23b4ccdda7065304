"""Sockets that say who a user is, for every program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.access.rows import Right
from auditor.finding import Severity
from auditor.model.dovecot_fixes import socket_for_its_user
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class AuthUserdbMasterSocket(DovecotAccessRule):
    """Every program on the host may look users up, and log in for them.

    What: a master, userdb or login socket of the service `auth` lets others write: `auth-master` with a mode such as
    0666, or `auth-userdb` with 0777, which takes the check of who asks away that 0666 has.

    Why it matters: every local user lists all users with their mailboxes, and may start sessions in their names.

    How to mend it: `mode = 0600` with `user` set to the one that needs it, such as vmail.

    When to ignore it: never.

    Sources: src/auth/auth-settings.c and auth-master-connection.c; Dovecot manual, auth sockets.
    """

    name = "auth-userdb-master-socket"
    severity = Severity.MEDIUM
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield the master sockets of auth that others may use."""
        for row in access.open_sockets("auth"):
            if row.right is Right.ADMINISTER:
                yield self.finding(
                    row.listener.origin,
                    f"every user of this host may look up all users ({row.listener.path})",
                    advice="set `mode = 0600`, and `user` to the one that needs the socket",
                    subject=row.listener.path,
                    fix=socket_for_its_user(access.dovecot, row.listener.origin),
                )
