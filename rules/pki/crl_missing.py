"""A CA without its CRL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.crl_check import CrlState
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class CrlMissing(HostRule):
    """The file of client CAs holds no CRL of a CA, so no certificate of that CA is accepted.

    What: client certificates are checked against CRLs, which is what `ssl_require_crl = yes` (2.4:
    `ssl_server_require_crl = yes`), the default, means, and for a CA in the file that is named there stands no CRL in
    that same file. Dovecot looks for CRLs nowhere else.

    Why it matters: every certificate login fails from the first minute, and the log at its usual level does not say
    why. Users go back to their passwords.

    How to mend it: make the CRL and put it behind its CA: `easyrsa gen-crl`, then `cat pki/ca.crt pki/crl.pem` into
    the file; make it again before its nextUpdate.

    When to ignore it: nobody has a certificate of this CA yet, and the CRL comes before the first one is handed out.

    Sources: iostream-openssl-context.c of Dovecot (X509_V_FLAG_CRL_CHECK with CRL_CHECK_ALL) and x509_vfy.c of
    OpenSSL; RFC 5280, 6.3; tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "crl-missing"
    severity = Severity.HIGH
    tags = ("crl",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the CAs that have no CRL although one is asked for."""
        yield from self.unread(host.unread_client_trusts)
        for trust, use in host.crl_files:
            for undecided in trust.with_crl_state(CrlState.UNKNOWN):
                yield self.not_checked(f"the CRL of {undecided.ca.subject} in {trust.path}", undecided.why)
            missing = trust.without_any_crl
            if not missing:
                continue
            names = ", ".join(found.ca.subject for found in missing)
            yield self.finding(
                use.file.origin,
                f"every client certificate of {names} is refused: {trust.path} holds no CRL of it that counts",
                because=[(trust.line_of(found.ca), found.why or "this CA has no CRL in the file") for found in missing],
                advice=f"append the CA's CRL in PEM form to {trust.name} (easyrsa gen-crl)",
                severity=Severity.HIGH if use.counts else Severity.MEDIUM,
                subject=trust.name,
            )
