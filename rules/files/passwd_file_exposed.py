"""Users' password hashes where others read or write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.exposure import Exposure, Openness
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class PasswdFileExposed(HostRule):
    """A file with users' passwords can be read by others, or written by the users of mail processes.

    What: a passwd-file that a passdb names holds passwords or hashes, and every user of the host can read it, a git
    repository has it, or dovecot, dovenull, postfix or vmail can write it. A file with names only, as for
    certificate logins, may be read.

    Why it matters: hashes are cracked at leisure, millions a second; and a mail process that was broken into could
    add a user or a password.

    How to mend it: `chown root:dovecot` and mode 0640: the auth service reads it by its group.

    When to ignore it: never.

    Sources: Dovecot manual, passwd-file; ACCESS of the auth service (user dovecot, 10-master.conf).
    """

    name = "passwd-file-exposed"
    severity = Severity.HIGH
    tags = ("files", "secret")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the files whose passwords others can read, and those that mail processes can write."""
        for file in host.password_files:
            found = host.exposures.of(file.name) if file.holds_passwords else None
            for why in filter(None, (file.why, found if isinstance(found, str) else "")):
                yield self.not_checked(f"who can read the passwords in {file.name}", why)
            if isinstance(found, Exposure):
                message, advice = f"{found.how}, with passwords of users in it", found.advice
                severity = Severity.MEDIUM if found.by is Openness.DIRECTORY else Severity.HIGH
            elif file.mail_writers:
                message = f"{' and '.join(file.mail_writers)} can write {file.name}, and with it users and passwords"
                advice, severity = f"chown root:dovecot {file.name}; chmod 0640 {file.name}", Severity.MEDIUM
            else:
                continue
            yield self.finding(
                file.origin, message, advice=advice, label="this passdb names it", severity=severity, subject=file.name
            )
