"""A CRL that its CA has not signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.crl_check import CrlState
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class CrlBadSignature(HostRule):
    """The CRL of a client CA does not bear the signature of that CA.

    What: the CRL names a CA of the file as its issuer, and the signature on it does not verify with the key of that
    CA.

    Why it matters: every certificate login fails. The CRL is damaged, made with another key, or forged.

    How to mend it: find out where the CRL comes from, then make it again with the key of the CA.

    When to ignore it: never while CRLs are checked.

    Sources: RFC 5280, 6.3.3; iostream-openssl-context.c of Dovecot (X509_V_FLAG_CRL_CHECK with CRL_CHECK_ALL) and
    x509_vfy.c of OpenSSL; tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "crl-bad-signature"
    severity = Severity.HIGH
    tags = ("crl",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the CAs whose CRL they have not signed."""
        yield from self.unread(host.unread_client_trusts)
        for trust, use in host.crl_files:
            for found in trust.with_crl_state(CrlState.BAD_SIGNATURE):
                if crl := found.chosen:
                    yield self.finding(
                        use.file.origin,
                        f"every client certificate of {found.ca.subject} is refused: "
                        f"the signature of its CRL in {trust.path} is wrong",
                        because=[(trust.line_of(crl), f"not signed with the key of {found.ca.subject}")],
                        advice="make the CRL again with the key of this CA",
                        subject=f"{trust.name} {found.ca.subject}",
                    )
