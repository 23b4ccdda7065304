"""The password of a private key where others read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import closed_secret_file
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class KeyPasswordExposed(HostRule):
    """The password of an encrypted private key stands where others can read it.

    What: ssl_key_password (2.4: ssl_server_key_password) holds the password itself, and the file with it can be
    read by every user of the host or is committed to a git repository; or the file that it names can.

    Why it matters: the encryption of the key protects it against nobody who can read both, and backups and
    repositories spread them together.

    How to mend it: put the setting into a file with mode 0600 that is included by `!include_try`, or take the
    encryption off and rely on the mode of the key.

    When to ignore it: the container has no other users and the file no copies.

    Sources: Dovecot wiki, SSL/DovecotConfiguration (password protected key files: "dovecot.conf is by default
    world-readable").
    """

    name = "key-password-exposed"
    severity = Severity.HIGH
    tags = ("files", "secret")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the passwords that others can read."""
        for setting, name in host.key_passwords:
            what, fix = "with the password of the private key in it", closed_secret_file(host, name)
            yield from self.exposed(host, name, what, setting.origin, fix=fix)
