"""Users that are kept out by some mechanisms only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.dovecot_fixes import without_filter
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class DenyPassdbFiltered(DovecotAccessRule):
    """A passdb that denies users is asked for some mechanisms only.

    What: a passdb with `deny = yes` has `mechanisms` (2.4: `mechanisms_filter`), and a mechanism that is offered and
    that other passdbs answer to is not among them.

    Why it matters: the users that it lists log in by the other mechanism; by certificate, where `external` is missing.

    How to mend it: take the filter out.

    When to ignore it: users are to be kept from one mechanism on purpose.

    Sources: auth_request_want_skip_passdb in src/auth/auth-request.c; tried on Dovecot 2.3.19.1 and 2.4.1: PLAIN is
    refused, the other mechanism not.
    """

    name = "deny-passdb-filtered"
    severity = Severity.MEDIUM
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield the deny passdbs that mechanisms get around."""
        for denial in access.denials:
            if denial.mechanisms:
                filter_ = denial.passdb.filter
                fix = without_filter(denial.passdb)
                yield self.finding(
                    filter_.origin if filter_ else denial.passdb.origin,
                    f"the users listed here log in by {', '.join(denial.mechanisms)} all the same"
                    f" ({', '.join(denial.protocols)})",
                    because=[(denial.passdb.origin, "is to keep users out")],
                    advice=f"take `{denial.passdb.filter_setting}` out of this block",
                    subject=denial.passdb.title,
                    fix=fix.closing() if fix else None,
                )
