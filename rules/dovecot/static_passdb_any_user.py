"""A static passdb that others can reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.reach import PASSWORD_MECHANISMS
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Dovecot


class StaticPassdbAnyUser(DovecotRule):
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

    def check(self, dovecot: Dovecot) -> Iterator[Finding]:
        """Yield the static passdbs that password logins of others get to."""
        for passdb in dovecot.passdbs:
            secret = passdb.static_secret
            reaches = dovecot.reached_by(passdb, PASSWORD_MECHANISMS) if secret else []
            if secret is None or passdb.proxies or passdb.only_from_here or not dovecot.open_to_others(reaches):
                continue
            protocols = ", ".join(dict.fromkeys(reach.protocol for reach in reaches if reach.protocol))
            where = f" ({protocols})" if protocols else ""
            yield self.finding(
                passdb.origin,
                f"every user name that the userdb takes is let in {secret[0]}{where}",
                because=[(secret[1], "the one answer to every name")],
                advice="use a passdb that knows its users, or, for certificate logins only, add"
                f" `{passdb.filter_setting} = external` inside this block",
                subject=passdb.title,
            )
