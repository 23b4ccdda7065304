"""Users that are to be kept out, and are not looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class PassdbSuccessChainUnsafe(DovecotAccessRule):
    """A passdb that denies users is skipped once their password was found good.

    What: a passdb with `deny = yes` has `skip = authenticated`, and one in front of it goes on after a success
    (`result_success = continue` or `continue-ok`).

    Why it matters: whoever has a good password is not looked for in the list, and gets in.

    How to mend it: take `skip = authenticated` out of the block that denies.

    When to ignore it: never.

    Sources: Dovecot manual, passdb, `skip` and result values; auth_request_want_skip_passdb in src/auth/auth-request.c;
    tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "passdb-success-chain-unsafe"
    severity = Severity.MEDIUM
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield the deny passdbs that are skipped after a success."""
        for denial in access.denials:
            if denial.skipped_after:
                skip = denial.passdb.get("passdb_skip")
                yield self.finding(
                    skip.origin if skip else denial.passdb.origin,
                    "the users listed here log in all the same: this passdb is skipped once their password was found"
                    " good",
                    because=[(passdb.origin, "a login that succeeds here goes on") for passdb in denial.skipped_after],
                    advice="take `skip` out of this block",
                    subject=denial.passdb.title,
                )
