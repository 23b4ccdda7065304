"""A CRL of another CA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.crl_check import CrlState
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class CrlWrongIssuer(HostRule):
    """A CRL in the file of client CAs belongs to none of its CAs.

    What: the issuer of a CRL is not one of the CAs in the file, or it bears the name of one but was made with another
    key, as after a CA was made anew under its old name. Beside CAs that all have their own CRL it is merely of no use,
    which is reported as information.

    Why it matters: a CA that needed this CRL has none, and every certificate of it is refused, with no word in the log
    at its usual level.

    How to mend it: replace it by the CRL of the CA that stands in the file, or the CA by the one that made the CRL.

    When to ignore it: never while CRLs are checked.

    Sources: RFC 5280, 6.3; iostream-openssl-context.c of Dovecot (X509_V_FLAG_CRL_CHECK with CRL_CHECK_ALL) and
    x509_vfy.c of OpenSSL; tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "crl-wrong-issuer"
    severity = Severity.HIGH
    tags = ("crl",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the CRLs that belong to no CA of their file."""
        yield from self.unread(host.unread_client_trusts)
        for trust, use in host.crl_files:
            rekeyed = trust.with_crl_state(CrlState.WRONG_ISSUER)
            missing = [found.ca for found in (*rekeyed, *trust.with_crl_state(CrlState.MISSING))]
            for crl in trust.file.foreign_crls:
                harm = (
                    f"; every client certificate of {', '.join(ca.subject for ca in missing)} is refused"
                    if missing
                    else ""
                )
                yield self.finding(
                    use.file.origin,
                    f"a CRL of {crl.issuer} in {trust.path} belongs to no CA of the file{harm}",
                    because=[
                        (
                            trust.line_of(crl),
                            "the issuer of this CRL is another CA, or a CA of that name with another key",
                        ),
                        *((trust.line_of(ca), f"{ca.subject} has no CRL of its own here") for ca in missing),
                    ],
                    advice="replace it by the CRL of the CA that stands in the file" if missing else "remove it",
                    severity=Severity.HIGH if missing else Severity.INFO,
                    subject=f"{trust.name} {crl.issuer}",
                )
