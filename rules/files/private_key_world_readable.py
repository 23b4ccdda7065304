"""A private key that everybody can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import closed_to_others
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class PrivateKeyWorldReadable(HostRule):
    """Every user of the host can read a private key.

    What: the mode or ACL of a file that a setting names as a key lets others read it, and every directory on the way
    can be searched by others. Symlinks are followed: it is the file itself that counts. Where only a directory keeps
    others out, the finding is milder.

    Why it matters: any local user, and any web application that can be made to read a file, gets the key and can be
    the server to whoever connects. Neither Dovecot nor Postfix says a word about it; `postfix check` does not either.

    How to mend it: take the right away (`chmod o-rwx`), leave the group, and replace the key: it must be taken for
    known to others.

    When to ignore it: a container image without other users.

    Sources: Dovecot wiki, SSL/DovecotConfiguration (permissions of the key); postconf(5), smtpd_tls_key_file; acl(5);
    tried on Dovecot 2.3.19.1 and Postfix 3.7.11, which are silent.
    """

    name = "private-key-world-readable"
    severity = Severity.CRITICAL
    tags = ("files", "secret")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the keys that others can read."""
        yield from self.unknown_readers(host)
        for key in host.keys_and_readers:
            if key.combined or not key.exposed:
                continue
            readers = key.readers
            shown = f"{readers.path} (mode {readers.permissions:04o})"
            if readers.world_readable:
                message = f"every user of this host can read the private key {shown}"
                severity = Severity.CRITICAL if key.is_of_ca else Severity.HIGH
            else:
                message = (
                    f"the private key {shown} is protected only by the directory {readers.protected_only_by_directory}"
                )
                severity = Severity.MEDIUM
            yield self.finding(
                key.use.origin,
                message,
                because=[(use.origin, "named here, too") for use in key.uses[1:]],
                advice=f"chmod o-rwx {readers.path}" + ("; then replace the key" if readers.world_readable else ""),
                label="the key file is named here",
                severity=severity,
                subject=key.use.name,
                fix=closed_to_others(host, key.use.name),
            )
