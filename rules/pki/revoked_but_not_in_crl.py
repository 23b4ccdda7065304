"""A certificate that was revoked, and no CRL says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class RevokedButNotInCrl(HostRule):
    """A certificate was revoked, but the CRL that the daemons check by does not list it.

    What: index.txt in the CA's easy-rsa folder on this host has a certificate as revoked (R) that has not ended,
    and its serial number stands neither in the CRL that the daemons are given nor in the folder's crl.pem: no CRL
    was made since.

    Why it matters: the certificate works as before; the one who revoked it believes otherwise.

    How to mend it: `easyrsa gen-crl`, put the CRL into the file behind its CA, reload Dovecot.

    When to ignore it: never.

    Sources: openssl-ca(1) (index.txt); Easy-RSA 3, doc/EasyRSA-Readme.md (revoking takes gen-crl); tried on Dovecot
    2.3.19.1 and 2.4.1.
    """

    name = "revoked-but-not-in-crl"
    severity = Severity.HIGH
    tags = ("crl", "pki")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the folders with revoked certificates of which the daemons do not know."""
        yield from self.unread(host.unread_client_trusts)
        for folder in host.pki_folders:
            for what, why in folder.unread_index:
                yield self.not_checked(what, why)
            if not folder.forgotten or not folder.trust.crl_use:
                continue
            first = folder.forgotten[0]
            more = f" and {len(folder.forgotten) - 1} more" if len(folder.forgotten) > 1 else ""
            yield self.finding(
                folder.use.file.origin,
                f"the certificate with serial {first.serial:X}{more} of {folder.ca.subject} was revoked and"
                " still counts: no CRL was made since",
                because=[(first.line, "revoked")],
                advice=f"easyrsa gen-crl, then cat {folder.name}/ca.crt {folder.name}/crl.pem > {folder.trust.name}",
                subject=folder.trust.name,
            )
