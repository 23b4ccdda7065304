"""Empty fields under a scheme that hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.dovecot_fixes import with_plain_scheme
from auditor.rule import DovecotAccessRule
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class ExternalSchemeNeedsHash(DovecotAccessRule):
    """The users of certificate logins have empty fields, and the scheme takes them for hashes.

    What: only EXTERNAL gets to the passdb, its users have empty password fields, nothing says `nopassword` before the
    password is compared, and the scheme is one that hashes: CRYPT, the default, or another.

    Why it matters: EXTERNAL logs in with the empty password, which an empty hash does not match: these users cannot log
    in with their certificates.

    How to mend it: `scheme=PLAIN` in `args` (2.4: `default_password_scheme = PLAIN`), under which the empty field is
    the empty password. Keep the filter of mechanisms: without it, everybody gets in with the empty password.

    When to ignore it: these users are not to log in with certificates.

    Sources: src/auth/mech-external.c; password_verify in src/auth/password-scheme.c; tried on Dovecot 2.3.19.1, 2.4.1
    and 2.4.5.
    """

    name = "external-scheme-needs-hash"
    severity = Severity.LOW
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Look at the passdbs that only certificate logins get to."""
        for external in access.external_users:
            if users := external.empty_under_a_hash:
                scheme, origin = external.passdb.scheme
                fix = with_plain_scheme(access.dovecot, external.passdb)
                yield self.finding(
                    origin,
                    f"{external.named(users)} of {shortened(external.passdb.users_path)} cannot log in with a"
                    f" certificate: the empty field is no {shortened(scheme)} hash of the empty password",
                    because=external.places(users, "an empty field"),
                    advice="set the scheme to PLAIN, and keep the filter of mechanisms",
                    subject=external.passdb.title,
                    fix=fix.opening() if fix else None,
                )
