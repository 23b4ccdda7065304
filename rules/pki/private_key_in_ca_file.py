"""A private key in a file of CA certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class PrivateKeyInCaFile(HostRule):
    """A private key stands in a file of CA certificates.

    What: the file that names the CAs of client certificates (`ssl_ca`, `ssl_server_ca_file`, `smtpd_tls_CAfile`) holds
    a PRIVATE KEY block. Such files are public by design, and the daemons pass over the key without a word.

    Why it matters: if it is the key of the CA, whoever reads it makes certificates for every user; if it is the key of
    the server, whoever reads it is the server.

    How to mend it: take the key out, and replace it: a key that stood in a public file is not secret any more. A CA
    key has no place on a mail server.

    When to ignore it: never.

    Sources: RFC 5280, 9 (the key of a CA); tried on Dovecot 2.3.19.1, which says nothing.
    """

    name = "private-key-in-ca-file"
    severity = Severity.CRITICAL
    tags = ("secret",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the files of CA certificates that hold a private key."""
        yield from self.unread(host.unread_client_trusts)
        for trust in host.client_trusts:
            if not (keys := trust.file.keys):
                continue
            use = trust.uses[0]
            yield self.finding(
                use.file.origin,
                f"{trust.path}, a file of CA certificates, holds a private key",
                because=[(trust.line_of(keys[0]), "a private key begins here")],
                advice="take the key out of the file and replace it by a new one; it must be taken for known to others",
                subject=trust.name,
            )
