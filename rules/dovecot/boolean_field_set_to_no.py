"""A boolean extra field that is given a no."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.model.dovecot_fixes import without_field
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.denied_fields import DeniedField
    from auditor.access.dovecot import DovecotAccess
    from auditor.change import Fix
    from auditor.finding import Finding

KEEPING_OUT: Final = ("fail", "noauthenticate", "nologin")
"""Fields without which more logins succeed."""


class BooleanFieldSetToNo(DovecotAccessRule):
    """A boolean extra field is set to no, which Dovecot takes for yes.

    What: one of the extra fields `nopassword`, `nologin`, `nodelay`, `proxy`, `proxy_maybe`, `noauthenticate` or `fail`
    is given a value such as `no`, `0` or `false`, in a passdb block or in the extra fields of a user. Dovecot looks
    only at whether the field is there.

    Why it matters: it means the opposite of what it says. `nopassword=no` lets users in with any password, `nologin=no`
    and `fail=no` keep them out.

    How to mend it: take the field out. In 2.4 `nopassword:remove = yes` takes away one that was set before.

    When to ignore it: never; a field that means no is one that is not there.

    Sources: Dovecot manual, Password databases, extra fields: "Boolean fields are true always if the field exists";
    src/auth/auth-request.c, auth_request_set_field; tried on Dovecot 2.3.19.1, 2.4.1 and 2.4.5.
    """

    name = "boolean-field-set-to-no"
    severity = Severity.CRITICAL
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield the fields that say no and mean yes."""
        for denied in access.denied_fields:
            opens = denied.lets_in and denied.passdb in access.open_passdbs.by_password
            yield self.finding(
                denied.field.origin,
                f"`{denied.field.name}={denied.field.value}` in `{denied.field.setting}`{denied.whose} means yes: "
                + ("any password is let in" if opens else "the field counts because it is there"),
                because=[(denied.passdb.origin, "the passdb that it belongs to")],
                advice=f"take `{denied.field.name}` out",
                severity=Severity.CRITICAL if opens else Severity.MEDIUM,
                subject=f"{denied.passdb.title} {denied.field.name}",
                fix=_fix(denied),
            )


def _fix(denied: DeniedField) -> Fix | None:
    """Take out what stands in the block; the fields of users are data, beside their passwords."""
    fix = None if denied.whose else without_field(denied.passdb, denied.field)
    return fix.unsafe().opening() if fix and denied.field.name in KEEPING_OUT else fix
