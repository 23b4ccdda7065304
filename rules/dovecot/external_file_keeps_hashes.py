"""Passwords that stand in the file of certificate logins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import DovecotAccessRule
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class ExternalFileKeepsHashes(DovecotAccessRule):
    """A passwd-file for certificate logins still holds the passwords of its users.

    What: only EXTERNAL gets to the passdb, `nopassword` is to let its users in without a password, and their entries
    have one all the same.

    Why it matters: EXTERNAL logs in with the empty password, and 2.2 and 2.3 compare it: `override_fields` come after
    that, and `nopassword` in an entry that has a password is an error ("nopassword set but password is non-empty"). So
    the certificate logins of these users fail. 2.4 disregards the password. Either way the hashes lie in one more file.

    How to mend it: empty the password field of these users: `user@example.org:::::`.

    When to ignore it: these users are not to log in with certificates.

    Sources: auth_request_set_field and auth_request_verify_plain_callback_finish in src/auth/auth-request.c; tried on
    Dovecot 2.3.19.1, 2.4.1 and 2.4.5.
    """

    name = "external-file-keeps-hashes"
    severity = Severity.MEDIUM
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Look at the passdbs that only certificate logins get to."""
        for external in access.external_users:
            users, origin = external.keeping_passwords, external.nopassword_origin
            if not users or not origin:
                continue
            fails = external.passdb.dialect == "2.3"
            have = "has" if len(users) == 1 else "have"
            effect = "which keeps them from logging in with a certificate" if fails else "which nothing looks at"
            yield self.finding(
                origin,
                f"{external.named(users)} of {shortened(external.passdb.users_path)} {have} a password beside"
                f" `nopassword`, {effect}",
                because=external.places(users, "an entry with a password"),
                advice="empty the password field of these users",
                severity=Severity.MEDIUM if fails else Severity.INFO,
                subject=external.passdb.title,
            )
