"""Certificate logins without ever asking for a certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.dovecot_fixes import asking_for_certificates
from auditor.model.vocabulary import is_true
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class ExternalWithoutCertRequest(DovecotAccessRule):
    """Certificate logins are configured, but no client is ever asked for a certificate.

    What: EXTERNAL is offered, or user names are to be taken from certificates, and `ssl_verify_client_cert` (2.4:
    `ssl_server_request_client_cert`) is off wherever clients log in, or TLS itself is. Inside a
    `local_name` block it has no effect: the client's server name comes too late for that.

    Why it matters: a client sends a certificate only when it is asked for one. Every certificate login fails, and
    nothing in the log says why.

    How to mend it: set `ssl_verify_client_cert = yes` with `ssl_ca` (2.4: `ssl_server_request_client_cert = yes` with
    `ssl_server_ca_file`).

    When to ignore it: a proxy in front of Dovecot verifies the certificates and hands the name on; where a listener
    takes the PROXY protocol this rule says nothing.

    Sources: Dovecot manual, SSL configuration, client certificates; tried on Dovecot 2.3.19.1, 2.4.1 and
    2.4.5.
    """

    name = "external-without-cert-request"
    severity = Severity.MEDIUM
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield the place that wants certificates, when no client is asked for one."""
        dovecot = access.dovecot
        wanted = dovecot.client_certificates.wanted_by
        if wanted is None or access.hears_proxies or any(context.asks for context in dovecot.tls_contexts):
            return
        what = f"`{wanted.name}` is on" if wanted.name != "auth_mechanisms" else "EXTERNAL is offered"
        asking = dovecot.spelled("ssl_server_request_client_cert")
        off = dovecot.get("ssl_server_request_client_cert")
        on = any(context.enabled for context in dovecot.tls_contexts)
        causes = dovecot.spellings("ssl_server_request_client_cert" if on else "ssl")
        why = f"`{asking}` is off" if on else "TLS is off (`ssl = no`)"
        yield self.finding(
            wanted.origin,
            f"no certificate login can succeed: {what}, but clients are never asked for a certificate, as {why}",
            because=[
                (one.origin, "has no effect here" if is_true(one.value) else "no client is asked here")
                for one in causes
            ],
            advice=f"set `{asking} = yes` and name the CA in `{dovecot.spelled('ssl_server_ca_file')}`",
            subject=asking,
            fix=asking_for_certificates(dovecot, [off]) if on and off else None,
        )
