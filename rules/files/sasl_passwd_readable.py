"""Passwords for other mail servers where others read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import closed_to_others
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class SaslPasswdReadable(HostRule):
    """The passwords by which Postfix logs in to other servers can be read by others.

    What: smtp_sasl_password_maps names a table whose text or indexed file every user of the host can read, or which
    is committed to a git repository.

    Why it matters: with the account of the relay anybody sends mail in your name until it is blocked.

    How to mend it: mode 0600 for both files, owner root: Postfix opens them before it gives up its rights.

    When to ignore it: never.

    Sources: SASL_README of Postfix ("Configuring SASL authentication in the Postfix SMTP client": chmod 0600).
    """

    name = "sasl-passwd-readable"
    severity = Severity.HIGH
    tags = ("files", "secret")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the tables of passwords that others can read."""
        for table in host.password_tables:
            for name in table.files:
                fix = closed_to_others(host, name)
                yield from self.exposed(host, name, "passwords for other mail servers", table.origin, fix=fix)
