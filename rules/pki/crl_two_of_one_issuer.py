"""Two CRLs of one CA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.pem_fixes import newest_crl_only
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class CrlTwoOfOneIssuer(HostRule):
    """Two CRLs of one CA stand in the file, and only one of them counts.

    What: the file holds more than one CRL of a CA. OpenSSL does not join them: it takes the one whose dates are
    current and whose lastUpdate is the newer, and with equal dates the one that stands further up. Order matters in
    this case only.

    Why it matters: a CRL from a backup or a fresh, empty one with a newer date un-revokes everybody that the other one
    lists: their certificates log in again.

    How to mend it: keep the CRL with the highest CRL number and remove the other one.

    When to ignore it: the CRLs are partitions or deltas that are meant to be used together, and are known to work.

    Sources: x509_vfy.c of OpenSSL (get_crl_sk); tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "crl-two-of-one-issuer"
    severity = Severity.HIGH
    tags = ("crl",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the CAs that have two CRLs."""
        yield from self.unread(host.unread_client_trusts)
        for trust, use in host.crl_files:
            for found in trust.crl_states:
                if found.chosen is None or not found.others:
                    continue
                lost = len(found.forgotten)
                decided = "its place in the file, as their dates are equal" if found.tied else "its dates"
                yield self.finding(
                    use.file.origin,
                    f"of the CRLs of {found.ca.subject} in {trust.path} only one counts, by {decided}"
                    + (
                        f"; {lost} revoked certificate{'s' * (lost != 1)} listed only in another one can log in"
                        if lost
                        else ""
                    ),
                    because=[
                        (trust.line_of(found.chosen), f"this one counts; it lists {found.chosen.count} certificates"),
                        *(
                            (trust.line_of(crl), f"passed over; it lists {crl.count} certificates")
                            for crl in found.others
                        ),
                    ],
                    advice="keep the CRL with the highest number and remove the others",
                    severity=Severity.HIGH if lost else Severity.MEDIUM,
                    subject=f"{trust.name} {found.ca.subject}",
                    fix=newest_crl_only(trust, found),
                )
