"""A passdb of master users that lets anybody in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.access.open_passdb import Hole
from auditor.finding import Severity
from auditor.passdb_rule import PassdbRule

if TYPE_CHECKING:
    from auditor.access.open_passdb import OpenPassdb


class MasterPassdbOpen(PassdbRule):
    """A password database of master users lets people in who should not be masters.

    What: the passdb has `master = yes`, so that its users may log in as any other user. Password logins get to it and
    any password, or the empty one, will do; or certificate logins get to it and no `username_filter` says which of the
    certificates are those of masters.

    Why it matters: one such login opens every mailbox of the server: the client names the victim as the user to act
    for (authzid), and its own name only has to be one that the passdb knows.

    How to mend it: give the master users real password hashes. For masters with certificates, restrict the passdb to
    `mechanisms = external` (2.4: `mechanisms_filter = external`) and to their names with `username_filter`.

    When to ignore it: the file holds nobody but the masters and they log in with certificates; that is reported as high
    because nothing but the file's contents keeps it so.

    Sources: Dovecot manual, Master users; src/auth/mech-external.c, auth_request_set_login_username; tried on Dovecot
    2.3.19.1, 2.4.1 and 2.4.5.
    """

    name = "master-passdb-open"
    severity = Severity.CRITICAL
    hole = Hole.MASTER

    def message(self, found: OpenPassdb) -> str:
        """Say how the passdb lets anybody in."""
        return f"{found.who}, and from there into every mailbox: {found.passdb.title} makes its users masters"
