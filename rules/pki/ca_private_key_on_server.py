"""The key of a trusted CA on the mail server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class CaPrivateKeyOnServer(HostRule):
    """The private key of the CA that client certificates are verified by lies on the mail server.

    What: where easy-rsa keeps it (pki/private/ca.key beside the file that the daemons are given, or below
    /etc/easy-rsa), or beside that file, there is the private key of a CA that is trusted for client certificates.
    It is worse when no password protects it.

    Why it matters: who breaks into the mail server makes himself certificates for every user, and they stay good
    when the server is clean again, until all users have certificates of a new CA.

    How to mend it: move the folder to a machine without network, and copy only ca.crt and crl.pem here.

    When to ignore it: a small site that takes the risk, with the key encrypted and readable by root only.

    Sources: the article "Dovecot and Postfix with client cert auth" (/etc/easy-rsa/easyrsa3/pki on the mail host);
    Easy-RSA 3, doc/EasyRSA-Readme.md (the CA's key belongs elsewhere).
    """

    name = "ca-private-key-on-server"
    severity = Severity.HIGH
    tags = ("pki", "secret")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the keys of CAs that lie here."""
        yield from self.unread(host.unread_client_trusts)
        for key in host.ca_keys:
            protected = ", encrypted" if key.encrypted else ", without a password"
            yield self.finding(
                key.use.file.origin,
                f"the private key of the CA {key.ca.subject} lies on this host{protected}: {key.path}",
                because=[(key.path, "the CA's key")],
                advice="keep the CA on a machine without network, and copy only its certificate and CRL here",
                label="this CA is trusted for client certificates",
                severity=Severity.MEDIUM if key.encrypted else Severity.HIGH,
                subject=key.path,
            )
        for unreadable in host.unread_ca_keys:
            yield self.not_checked(unreadable.path, unreadable.why)
