"""An encrypted private key without its password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


EFFECT: Final = {"dovecot": "every TLS handshake with Dovecot fails", "postfix": "Postfix switches TLS off"}


class KeyEncryptedWithoutPassword(HostRule):
    """A private key is encrypted, and the daemon does not have the password.

    What: the key file that is used with a certificate holds an encrypted key, and ssl_key_password (2.4:
    ssl_server_key_password) is missing or is that of another key. Postfix has no parameter for a password at all.

    Why it matters: every TLS handshake with Dovecot fails there; Postfix switches TLS off.

    How to mend it: give the password in a file that only root can read, or take the encryption off (`openssl pkey`)
    and rely on the mode of the file, as most do.

    When to ignore it: Dovecot is started by hand with `dovecot -p`, which asks for the password.

    Sources: Dovecot wiki, SSL/DovecotConfiguration (password protected key files); postconf(5), smtpd_tls_key_file
    ("must not be encrypted"); tried on Dovecot 2.3.19.1 and 2.4.1 and Postfix 3.7.11.
    """

    name = "key-encrypted-without-password"
    severity = Severity.HIGH
    tags = ("pki", "outage")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the keys that the daemon cannot decrypt."""
        for found in host.key_matches:
            key = found.pair.key
            if not found.locked:
                continue
            given = "the given password is not its own" if found.pair.password else "no password is given"
            yield self.finding(
                key.origin,
                f"{EFFECT[key.product]}: the private key {key.name} is encrypted, and {given}",
                because=[(found.pair.certificate.origin, "the certificate is named here")],
                advice="take the encryption off, or give its password in a file that only root can read",
                label="the key file is named here",
                subject=key.name,
            )
