"""A passdb that takes any password."""

from __future__ import annotations

from auditor.access.open_passdb import Hole
from auditor.finding import Severity
from auditor.passdb_rule import PassdbRule


class PassdbAnyPassword(PassdbRule):
    """A password database lets its users in with any password.

    What: logins with a password get to this passdb, and it yields the extra field `nopassword` before the password is
    compared. In 2.2 and 2.3 that is `nopassword` in `default_fields`, in the `args` of a static passdb, or in the
    extra fields of a user without a password in the passwd-file; in 2.4 it is `nopassword` in `fields`, or in the
    extra fields of any user. It makes no difference what value the field is given, `no` included, nor in 2.4 that the
    user has a password. `override_fields` of 2.3 is applied after the password was compared and opens nothing.

    Why it matters: whoever knows or guesses a user name reads that user's mail, and where Postfix authenticates its
    clients here, sends mail as that user. The field is meant for a passdb that only certificate logins get to.

    How to mend it: if the passdb is meant for certificate logins, let only those get to it: `mechanisms = external`
    (2.2.28 and later, 2.3) or `mechanisms_filter = external` (2.4) inside the block. Else take the field out and give
    the users passwords.

    When to ignore it: in front of servers that check the password themselves (`proxy` among the fields), which is
    reported as medium because nothing here shows that they do; and in a test image.

    Sources: Dovecot manual, Password databases, extra field nopassword; src/auth/auth-request.c, "Allowing any
    password"; tried on Dovecot 2.3.19.1, 2.4.1 and 2.4.5.
    """

    name = "passdb-any-password"
    severity = Severity.CRITICAL
    hole = Hole.ANY_PASSWORD
