"""Public CAs among those that certify clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Dovecot


class SslCaPublicBundle(DovecotRule):
    """Client certificates of public CAs are taken for certificates of users.

    What: clients are asked for certificates that decide who they are or whether they may log in, and the CA file they
    are verified against, `ssl_ca` (2.4: `ssl_server_ca_file`), is the operating system's bundle or holds CAs of
    Mozilla's root programme.

    Why it matters: these CAs certify strangers. Whoever gets a certificate with a user's name or mail address in its
    subject from any of them logs in as that user. As long as `ssl_require_crl` is on (2.4: `ssl_server_require_crl`,
    the default is yes) and the file holds no CRL of that CA, Dovecot refuses the certificate, and every other one of
    that CA; whoever mends that by adding the CRLs or by switching the check off lets the strangers in. It is critical
    where the check is off.

    How to mend it: name a file that holds nothing but the CA you issue the users' certificates with, and its CRL.

    When to ignore it: never. That public CAs have begun to leave the purpose of client authentication out of their
    certificates does not help: those for mail (S/MIME) have a mail address in the subject.

    Sources: Dovecot manual, SSL configuration, client certificates; TLS_README of Postfix gives the same advice; the
    roots are those of Debian's ca-certificates; tried on 2.3.19.1 and 2.4.1.
    """

    name = "ssl-ca-public-bundle"
    severity = Severity.CRITICAL
    tags = ("access", "tls")

    def check(self, dovecot: Dovecot) -> Iterator[Finding | NotChecked]:
        """Yield the CA files that trust public CAs where certificates decide about logins."""
        certificates = dovecot.client_certificates
        for use, contexts in certificates.deciding_ca_files.items():
            found = certificates.public_cas(use)
            if found.unknown:
                yield self.not_checked(f"{found.path} ({use.setting} at {use.origin})", found.unknown)
            elif found.names:
                guarded = all(context.checks_crl for context in contexts)
                guard = dovecot.spelled("ssl_server_require_crl")
                asking = [context.request_client_cert for context in contexts if context.request_client_cert]
                yield self.finding(
                    use.origin,
                    f"whoever gets a certificate from {found} can log in as any user that it names:"
                    f" `{use.setting}` trusts public CAs"
                    + (f"; only `{guard}` keeps strangers out, and only while no CRL of these CAs is there" * guarded),
                    because=[(one.origin, "certificates are asked for here") for one in asking[:1]],
                    advice=f"let `{use.setting}` name a file with your own CA only",
                    subject=use.name,
                    severity=Severity.HIGH if guarded else None,
                )
