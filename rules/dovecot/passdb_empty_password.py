"""A passdb that takes the empty password."""

from __future__ import annotations

from auditor.access.open_passdb import Hole
from auditor.finding import Severity
from auditor.passdb_rule import PassdbRule


class PassdbEmptyPassword(PassdbRule):
    """A password database lets its users in with an empty password.

    What: logins with a password get to this passdb, and what it has stored for a user is empty under a scheme that
    stores passwords as they are (PLAIN, CLEAR, CLEARTEXT): the scheme may be that of the passdb (`scheme=PLAIN` in
    `args`, `default_password_scheme = PLAIN`) or stand in the entry (`{PLAIN}`). No `nopassword` is needed for it, and
    `override_fields = nopassword` changes nothing. Under a hash scheme, CRYPT for one, an empty field matches nothing.

    Why it matters: whoever knows or guesses a user name reads that user's mail, and where Postfix authenticates its
    clients here, sends mail as that user. Empty fields are how users are listed for certificate logins: EXTERNAL
    itself logs in with the empty password.

    How to mend it: let only certificate logins get to it: `mechanisms = external` (2.2.28 and later, 2.3) or
    `mechanisms_filter = external` (2.4) inside the block. If it is not meant for certificates, give the users
    passwords.

    When to ignore it: never on a host that others can reach.

    Sources: src/auth/passdb-passwd-file.c, src/auth/password-scheme.c and src/auth/mech-external.c; tried on Dovecot
    2.3.19.1, 2.4.1 and 2.4.5.
    """

    name = "passdb-empty-password"
    severity = Severity.CRITICAL
    hole = Hole.EMPTY_PASSWORD
