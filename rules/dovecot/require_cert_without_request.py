"""Certificates required and not asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.dovecot_fixes import asking_for_certificates
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class RequireCertWithoutRequest(DovecotAccessRule):
    """A client certificate is required, and nobody is asked for one.

    What: `auth_ssl_require_client_cert = yes` is in effect for a protocol whose connections never ask for a certificate
    (`ssl_verify_client_cert`; 2.4: `ssl_server_request_client_cert`).

    Why it matters: nobody can log in by that protocol, not even the holders of good certificates.

    How to mend it: ask for certificates, `ssl_verify_client_cert = yes` (2.4: `ssl_server_request_client_cert = yes`),
    and name the CA; or do not require them.

    When to ignore it: a proxy asks for them and passes them on by the PROXY protocol, which Dovecot believes since
    2.4.4; then this rule is silent.

    Sources: auth_request_handler_auth_begin in src/auth/auth-request-handler.c; tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "require-cert-without-request"
    severity = Severity.HIGH
    versions = "2.3 and later"
    tags = ("access", "outage")

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield what requires certificates that nobody is asked for."""
        certificates = access.dovecot.client_certificates
        if access.hears_proxies and access.dovecot.is_at_least(2, 4, 4):
            return
        for setting, protocols in certificates.required_by.items():
            deaf = [protocol for protocol in protocols if not certificates.asked_for_by(protocol)]
            silent = list(dict.fromkeys(one for protocol in deaf for one in certificates.requesting(protocol)))
            if deaf:
                yield self.finding(
                    setting.origin,
                    f"nobody can log in by {', '.join(deaf)}: a client certificate is required, and none is asked for",
                    because=[(one.origin, "nobody is asked") for one in certificates.requesting(deaf[0])],
                    advice=f"set `{access.dovecot.spelled('ssl_server_request_client_cert')} = yes` and name the CA",
                    subject=setting.name,
                    fix=asking_for_certificates(access.dovecot, silent),
                )
