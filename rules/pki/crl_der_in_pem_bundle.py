"""A CRL or certificate in DER form in a PEM file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class CrlDerInPemBundle(HostRule):
    """A CRL or certificate stands in DER form in the file of client CAs, where OpenSSL does not see it.

    What: the file is read as PEM: what stands outside of BEGIN and END lines is passed over without a word, and a CRL
    or certificate in DER (binary) form is just that.

    Why it matters: Dovecot 2.4 does not start with a file that holds NUL characters, and DER has some. Everywhere else
    the CA is without its CRL, or is not trusted at all: every certificate login fails, and no log says why.

    How to mend it: convert it and build the file anew: `openssl crl -inform DER -in crl.der -out crl.pem`.

    When to ignore it: never while the file is meant to bring this CRL or certificate.

    Sources: Dovecot wiki, SSL/DovecotConfiguration (DER to PEM); pem_info.c of OpenSSL (PEM_X509_INFO_read_bio); tried
    on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "crl-der-in-pem-bundle"
    severity = Severity.CRITICAL
    tags = ("crl",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield what stands in DER form in a file of client CAs."""
        yield from self.unread(host.unread_client_trusts)
        for trust in host.client_trusts:
            stops, use = trust.keeps_daemon_from_starting, trust.loading_use
            for block in trust.file.stray if use else ():
                kind, tool = ("CRL", "crl") if block.is_crl else ("certificate", "x509")
                if use is None or (block.is_crl and not trust.crl_use and not stops):
                    continue
                yield self.finding(
                    use.file.origin,
                    f"Dovecot does not start: {trust.path} holds NUL characters, those of a {kind} in DER form"
                    if stops
                    else f"a {kind} in {trust.path} is in DER form and is not seen",
                    because=[(trust.line_of(block), f"from here on a {kind} in DER form, outside of any PEM block")],
                    advice=f"convert it to PEM (openssl {tool} -inform DER) and rebuild {trust.name}",
                    severity=Severity.CRITICAL if stops else Severity.HIGH,
                    subject=f"{trust.name} {kind}",
                )
