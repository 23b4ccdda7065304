"""Client certificates that are not checked against CRLs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import without
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Dovecot


class CrlCheckDisabled(DovecotRule):
    """Client certificates decide about logins, and CRLs are not checked.

    What: clients are asked for certificates that decide who they are or whether they may log in, and
    `ssl_require_crl` (2.4: `ssl_server_require_crl`) is off there.

    Why it matters: a revoked certificate, one that was stolen for example, logs in as before, even if a CRL that names
    it lies in the CA file: switched off, the CRL is not looked at.

    How to mend it: put the current CRL of every CA into the CA file, then take the line out, `yes` being the default.
    In this order: without a valid CRL for each CA every certificate is refused.

    When to ignore it: the certificates live so shortly that none is ever revoked.

    Sources: Dovecot manual, SSL configuration, ssl_require_crl; src/lib-ssl-iostream/iostream-openssl-context.c; tried
    on Dovecot 2.3.19.1 and 2.4.1 with a revoked certificate.
    """

    name = "crl-check-disabled"
    severity = Severity.HIGH
    tags = ("tls", "crl")

    def check(self, dovecot: Dovecot) -> Iterator[Finding]:
        """Yield the places that switch the check off where certificates count."""
        certificates = dovecot.client_certificates
        for setting, contexts in certificates.crl_checks_disabled.items():
            asking = [context.request_client_cert for context in contexts if context.request_client_cert]
            yield self.finding(
                setting.origin,
                f"a revoked client certificate still counts: `{setting.name} = {setting.value}` switches the check of"
                f" CRLs off{certificates.where(contexts)}",
                because=[(one.origin, "certificates are asked for here") for one in asking[:1]],
                advice=f"put a current CRL of every CA into the file of `{dovecot.spelled('ssl_server_ca_file')}`, then"
                " take the line out",
                subject=setting.name,
                fix=without(setting.origin, setting.name),
            )
