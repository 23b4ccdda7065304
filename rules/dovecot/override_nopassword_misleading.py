"""A nopassword that comes too late to have an effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.dovecot_fixes import without_field
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class OverrideNopasswordMisleading(DovecotAccessRule):
    """`override_fields = nopassword` does nothing, and opens the passdb when it is carried over to 2.4.

    What: `nopassword` stands in `override_fields`. These are set after the password was compared, so it neither lets
    anybody in nor keeps anybody out.

    Why it matters: whoever wrote it believes that it permits the empty password; what permits it is the empty field
    under the PLAIN scheme. And 2.4 knows one kind of fields: `nopassword` in them lets every password pass, at once.

    How to mend it: take it out. Where certificate logins are meant, see that `mechanisms = external` is there.

    When to ignore it: there is a filter of mechanisms, and it will be there after the upgrade to 2.4.

    Sources: auth_request_verify_plain_callback_finish in src/auth/auth-request.c; Dovecot's upgrade guide, "2.3 to
    2.4"; tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "override-nopassword-misleading"
    severity = Severity.LOW
    versions = "2.2, 2.3"
    tags = ("access", "upgrade")

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Look at the fields that come too late."""
        for passdb in access.dovecot.passdbs:
            field = next((one for one in passdb.fields if one.late and one.name == "nopassword"), None)
            if field is None:
                continue
            open_then = passdb in access.open_passdbs.by_password
            after = ": carried over to 2.4 it lets every password pass" if open_then else ""
            yield self.finding(
                field.origin,
                f"`{field.setting} = nopassword` has no effect, as the password is compared before{after}",
                advice="take it out",
                severity=Severity.LOW if open_then else Severity.INFO,
                subject=passdb.title,
                fix=without_field(passdb, field),
            )
