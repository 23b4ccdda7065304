"""Users that are to be kept out, and get in first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.dovecot_fixes import asked_first
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class DenyPassdbTooLate(DovecotAccessRule):
    """A passdb that denies users stands behind one that lets them in.

    What: a passdb with `deny = yes` is asked only after another one, which ends the login where the password fits.

    Why it matters: the users that it lists log in as ever.

    How to mend it: move the block to the front of all other passdbs; those in `protocol` blocks come before global
    ones.

    When to ignore it: never.

    Sources: Dovecot manual, passdb, `deny`; auth_request_handle_passdb_callback in src/auth/auth-request.c; tried on
    Dovecot 2.3.19.1 and 2.4.1: behind, the listed user logs in; in front, not.
    """

    name = "deny-passdb-too-late"
    severity = Severity.HIGH
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield the deny passdbs that others come before."""
        for denial in access.denials:
            if denial.after:
                fix = asked_first(denial.passdb, denial.after)
                yield self.finding(
                    denial.passdb.origin,
                    f"the users listed here log in all the same ({', '.join(denial.protocols)}):"
                    " a passdb before it lets them in",
                    because=[(passdb.origin, "a login that succeeds here ends here") for passdb in denial.after],
                    advice="move this block to the front of all other passdbs",
                    subject=denial.passdb.title,
                    # Who is let in is said by name where some users are not.
                    fix=fix.closing().opening() if fix else None,
                )
