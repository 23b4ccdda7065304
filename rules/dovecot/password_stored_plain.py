"""Passwords that stand in a file as they are, or nearly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.stored_passwords import easily_read
from auditor.rule import DovecotRule
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Dovecot


class PasswordStoredPlain(DovecotRule):
    """A passwd-file keeps passwords as they are, or under a hash that is quickly guessed.

    What: entries of a passwd-file have a password under PLAIN, CLEARTEXT or another scheme that keeps it as it is,
    under CRAM-MD5 or DIGEST-MD5, whose hashes serve as passwords, or under one round of MD5 or SHA-1, salted or not.

    Why it matters: whoever reads the file once, or a backup of it, has everybody's password.

    How to mend it: store them under a slow hash, as `doveadm pw -s BLF-CRYPT` or `-s SHA512-CRYPT` makes them.

    When to ignore it: CRAM-MD5 or DIGEST-MD5 must be offered to old clients.

    Sources: Dovecot manual, "Password Schemes"; src/auth/password-scheme.c.
    """

    name = "password-stored-plain"
    severity = Severity.MEDIUM
    tags = ("access",)

    def check(self, dovecot: Dovecot) -> Iterator[Finding | NotChecked]:
        """Look at the entries of every passwd-file that is read for logins."""
        for passdb in dovecot.passdbs:
            for scheme, origins in easily_read(passdb).items():
                number = "the password of a user" if len(origins) == 1 else f"the passwords of {len(origins)} users"
                yield self.finding(
                    origins[0],
                    f"{shortened(passdb.users_path)} keeps {number} under {shortened(scheme)}, which gives them away to"
                    " whoever reads the file",
                    because=[(passdb.origin, "logins are compared with them")],
                    subject=f"{passdb.users_path} {scheme}",
                )
            if passdb.driver == "passwd-file" and isinstance(passdb.users, str):
                yield self.not_checked(f"{passdb.origin}: {passdb.title}", passdb.users)
