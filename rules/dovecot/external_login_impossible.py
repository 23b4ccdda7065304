"""EXTERNAL offered without a passdb that takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import without_element
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding, NotChecked


class ExternalLoginImpossible(DovecotAccessRule):
    """Certificate logins are offered, and no password database lets any of them in.

    What: EXTERNAL is among the mechanisms, but every passdb that it gets to has a stored password for every user.
    EXTERNAL logs in with the empty password, so a user needs `nopassword` or an empty field under a scheme that
    stores passwords as they are.

    Why it matters: every certificate login fails, and users fall back to passwords.

    How to mend it: add a passdb for certificate logins: a passwd-file that lists the users with an empty second field,
    with `scheme=PLAIN` in its `args` (2.4: `passdb_default_password_scheme = PLAIN`) and with `mechanisms = external`
    (2.4: `mechanisms_filter = external`), without which it would let everybody in. Or take `external` out of
    `auth_mechanisms`.

    When to ignore it: never; a mechanism that cannot work is better not offered.

    Sources: src/auth/mech-external.c; src/auth/auth-request.c; tried on Dovecot 2.3.19.1, 2.4.1 and 2.4.5.
    """

    name = "external-login-impossible"
    severity = Severity.MEDIUM
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding | NotChecked]:
        """Yield the place where EXTERNAL is offered, when it can let nobody in."""
        external = access.dovecot.mechanisms.get("external")
        if external is None or not access.dovecot.protocols:
            return
        certificates = access.certificate_logins
        asked = [login.passdb for login in certificates.logins if login.passdb]
        unknown = [passdb for passdb in asked if passdb.unknown]
        if len(unknown) < len(asked):
            return
        for passdb in unknown:
            yield self.not_checked(f"{passdb.origin}: {passdb.title}", passdb.unknown)
        if not unknown:
            fix = without_element(external, "auth_mechanisms")
            yield self.finding(
                external.origin,
                "no certificate login can succeed: EXTERNAL is offered, but no passdb that it gets to has a user with"
                " `nopassword` or an empty plain password",
                because=[(passdb.origin, certificates.why_not(passdb)) for passdb in access.dovecot.passdbs[:5]],
                advice="add a passdb for certificate logins with"
                f" `{access.dovecot.spelled('passdb_mechanisms_filter')} = external`, or take `external` out of"
                " `auth_mechanisms`",
                subject="auth_mechanisms external",
                fix=fix.unsafe() if fix and len(access.dovecot.mechanisms) > 1 else None,
            )
