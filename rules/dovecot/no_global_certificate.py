"""TLS without a certificate for all connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.tls import where
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Dovecot


class NoGlobalCertificate(DovecotRule):
    """TLS is on, and there is no certificate for some or for all connections.

    What: `ssl` is not `no`, and for a kind of connection neither the global settings nor a block name a
    certificate; or each block has its own and the global one is missing.

    Why it matters: STARTTLS is offered and every handshake fails, port 993 answers nobody. With 2.3 names of
    local_name blocks fail, too. Where every block has its own certificate all works, until someone adds a protocol
    or an address.

    How to mend it: set certificate and key outside of the blocks; the blocks may keep theirs.

    When to ignore it: every connection has a certificate by its block (low), or TLS is done by a proxy in front.

    Sources: Dovecot wiki, SSL/DovecotConfiguration (top-level default certificate); "The certificate is empty" in
    the log; tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "no-global-certificate"
    severity = Severity.HIGH
    tags = ("tls", "outage")

    def check(self, dovecot: Dovecot) -> Iterator[Finding | NotChecked]:
        """Yield that connections have no certificate, or that only blocks have one."""
        contexts = [context for context in dovecot.tls_contexts if context.enabled and dovecot.protocols]
        lacking = [context for context in contexts if not context.has_certificate]
        everywhere = dovecot.get("ssl_server_cert_file")
        if not contexts or contexts[0].ssl is None or (everywhere and everywhere.value):
            return
        name = dovecot.spelled("ssl_server_cert_file")
        if lacking:
            message = f"every TLS handshake fails{where(lacking, dovecot.protocols)}: there is no certificate ({name})"
            severity = Severity.HIGH if contexts[0].ssl.origin.span else Severity.LOW
        else:
            message = f"only blocks name a certificate ({name}): what is added later has none"
            severity = Severity.LOW
        yield self.finding(
            contexts[0].ssl.origin,
            message,
            advice=f"set {name} and its key outside of the blocks",
            label="TLS is on",
            severity=severity,
        )
