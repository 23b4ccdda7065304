"""A private key that a mail process can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import kept_for_root
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class KeyReadableByMailUser(HostRule):
    """A user that mail processes run as can read a private key.

    What: owner, group or ACL of a key file let dovecot, dovenull, postfix or vmail read it. The daemons open keys as
    root, before they give up their rights.

    Why it matters: a hole in a login process or a delivery script then gives away the key.

    How to mend it: give the file to root: `chown root:root`, mode 0400 or 0440 with ssl-cert.

    When to ignore it: a container in which no process is root.

    Sources: Dovecot wiki, SSL/DovecotConfiguration ("do not give dovecot user any permissions"); TLS_README of Postfix
    (key files are read before privileges are dropped).
    """

    name = "key-readable-by-mail-user"
    severity = Severity.MEDIUM
    tags = ("files", "secret")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the keys that users of mail processes can read."""
        yield from self.unknown_readers(host)
        for key in host.keys_and_readers:
            if key.exposed or not key.mail_users:
                continue
            readers = key.readers
            yield self.finding(
                key.use.origin,
                f"{' and '.join(key.mail_users)} can read the private key {readers.path} "
                f"(mode {readers.permissions:04o}, owner {readers.owner}, group {readers.group})",
                because=[(use.origin, "named here, too") for use in key.uses[1:]],
                advice=f"chown root:root {readers.path}: the daemons open it as root",
                label="the key file is named here",
                subject=key.use.name,
                fix=kept_for_root(key),
            )
