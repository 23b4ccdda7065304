"""A CA of a chain without its CRL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class CrlMissingInChain(HostRule):
    """One CA of a chain has no CRL in the file, so no certificate below it is accepted.

    What: the file holds several CAs that issue one another, and one of them, be it the root, has no CRL there, while
    another has. The check goes through the whole chain: a CRL is needed of every CA on the way, for the root, too.

    Why it matters: every certificate login through that chain fails, and the log at its usual level does not say why.

    How to mend it: append the CRL of each CA of the chain: issuing CA, its CRL, next CA, its CRL, up to the root.

    When to ignore it: never while CRLs are checked.

    Sources: Dovecot wiki, SSL/DovecotConfiguration (the order of several CAs); iostream-openssl-context.c of Dovecot
    (X509_V_FLAG_CRL_CHECK with CRL_CHECK_ALL) and x509_vfy.c of OpenSSL; tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "crl-missing-in-chain"
    severity = Severity.HIGH
    tags = ("crl",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the CAs without a CRL whose chain has others."""
        yield from self.unread(host.unread_client_trusts)
        for trust, use in host.crl_files:
            for found in trust.gaps_in_chains:
                yield self.finding(
                    use.file.origin,
                    f"client certificates below {found.ca.subject} are refused: {trust.path} lacks the CRL of this CA",
                    because=[(trust.line_of(found.ca), "this CA of the chain has no CRL in the file, others have")],
                    advice=f"append the CRL of {found.ca.subject} in PEM form to {trust.name}",
                    subject=f"{trust.name} {found.ca.subject}",
                )
