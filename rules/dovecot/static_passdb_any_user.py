"""A static passdb that others can reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.access.rows import Secret
from auditor.finding import Severity
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
from auditor.finding import Finding


class StaticPassdbAnyUser(DovecotAccessRule):
    """A static password database takes every user name.

    What: a static passdb has one answer for every name: one password for all, or none (`nopassword`). Password logins
    from other hosts get to it, and it does not hand them on to another server (`proxy`).

    Why it matters: every name that the userdb takes is a user of this server. With `password` whoever knows the one
    password opens every mailbox; with `nopassword` everybody does.

    How to mend it: use a passdb with a password for each user. If it was meant for certificate logins only, add
    `mechanisms = external` (2.4: `mechanisms_filter = external`) inside the block.

    When to ignore it: a test image that no stranger can reach.

    Sources: Dovecot manual, Static password database, the danger box; src/auth/passdb-static.c; tried on Dovecot 2.4.1.
    """

    name = "static-passdb-any-user"
    severity = Severity.HIGH
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield the static passdbs that password logins of others get to."""
        for passdb, logins in access.static_logins.items():
            where = f" ({', '.join(filter(None, logins))})" if any(logins) else ""
            login = next(iter(logins.values()))
            secret = "one and the same password" if login.secret is Secret.ONE_PASSWORD else login.secret.value
            yield self.finding(
                passdb.origin,
                f"every user name that the userdb takes is let in with {secret}{where}",
                because=login.because,
                advice="use a passdb that knows its users, or, for certificate logins only, add"
                f" `{passdb.filter_setting} = external` inside this block",
                subject=passdb.title,
            )
