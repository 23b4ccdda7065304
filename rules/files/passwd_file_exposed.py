"""Users' password hashes where others read or write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import kept_for_group, kept_from_writers
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
            if file.why:
                yield self.not_checked(f"the passwords in {file.name}", file.why)
            if file.holds_passwords:
                fix = kept_for_group(host, file.name, "dovecot")
                yield from self.exposed(host, file.name, "with passwords of users in it", file.origin, fix=fix)
            if file.mail_writers:
                yield self.finding(
                    file.origin,
                    f"{' and '.join(file.mail_writers)} can write {file.name}, and with it users and passwords",
                    advice=f"chown root:dovecot {file.name}; chmod 0640 {file.name}",
                    label="this passdb names it",
                    severity=Severity.MEDIUM,
                    subject=file.name,
                    fix=kept_from_writers(host, file.name),
                )
