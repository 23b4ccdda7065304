"""A server certificate that nobody vouches for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


SNAKEOIL: Final = "/etc/ssl/certs/ssl-cert-snakeoil.pem"


class SnakeoilOrSelfSignedServerCert(HostRule):
    """Users get a server certificate that no CA vouches for.

    What: the certificate that mail programs of users see is signed by itself, or is the one that Debian's ssl-cert
    makes at installation. What only other mail servers see on port 25 is not meant: there any certificate is better
    than clear text.

    Why it matters: each user is asked to accept it, by hand and once for each program, and then accepts that of an
    attacker as well.

    How to mend it: have a certificate issued by a CA that the users' programs know; ACME costs nothing.

    When to ignore it: every user's program was given this very certificate, or the host serves nobody yet.

    Sources: RFC 7817; make-ssl-cert(8) of Debian's ssl-cert; tried with a verifying client on Dovecot 2.3.19.1 and
    2.4.1 and Postfix 3.7.11.
    """

    name = "snakeoil-or-self-signed-server-cert"
    severity = Severity.MEDIUM
    tags = ("pki",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the certificates for users that nobody vouches for."""
        for use, signed_itself in host.certificates_for_users:
            if use.name == SNAKEOIL:
                message = "users get the certificate that Debian's ssl-cert made at installation"
            elif signed_itself:
                message = f"users get a certificate that signed itself, {use.name}"
            else:
                continue
            yield self.finding(
                use.origin,
                f"{message}: their programs warn of it",
                advice="have a certificate issued by a CA that the users' programs know",
                subject=use.name,
            )
