"""A certificate file that holds the key, too, and that everybody can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import closed_to_others
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class CombinedFileReadable(HostRule):
    """A file with a certificate and its private key is readable by everybody.

    What: a setting names a file as a certificate, which may be public, and the file holds a private key, too. Its mode
    and the directories on the way let every user read it. Where only a directory keeps others out, the finding is
    milder.

    Why it matters: the mode that is right for a certificate gives away the key: any local user can be the server.

    How to mend it: give the file mode 0400 or split it, and replace the key.

    When to ignore it: a container image without other users.

    Sources: Dovecot wiki, SSL/DovecotConfiguration (certificate and key in one file); postconf(5),
    smtpd_tls_cert_file.
    """

    name = "combined-file-readable"
    severity = Severity.HIGH
    tags = ("files", "secret")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the files with certificate and key that others can read."""
        yield from self.unknown_readers(host)
        for key in host.keys_and_readers:
            if not key.combined or not key.exposed:
                continue
            readers = key.readers
            barrier = readers.protected_only_by_directory
            who = (
                f"only the directory {barrier} keeps others from reading"
                if barrier
                else "every user of this host can read"
            )
            yield self.finding(
                key.use.origin,
                f"{who} {readers.path} (mode {readers.permissions:04o}), a certificate with its private key",
                because=[(use.origin, "named here, too") for use in key.uses[1:]],
                advice=f"chmod 0400 {readers.path}" + ("" if barrier else "; then replace the key"),
                label="the certificate file is named here",
                severity=Severity.MEDIUM if barrier else Severity.HIGH,
                subject=key.use.name,
                fix=closed_to_others(host, key.use.name),
            )
