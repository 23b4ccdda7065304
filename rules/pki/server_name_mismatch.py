"""A server certificate that is not for the name it is asked by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Confidence, Severity
from auditor.rule import HostRule
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class ServerNameMismatch(HostRule):
    """A server certificate does not cover the name by which clients ask for it.

    What: a certificate that is chosen by a server name (local_name, tls_server_sni_maps) is not for that name, or a
    certificate names no host in subjectAltName at all. A wildcard stands for one label. By which name clients reach
    the default certificate the configuration does not say; `server-names` below `[assume]` in mailaudit.toml does.

    Why it matters: mail programs compare the name that the user typed with subjectAltName only, warn or refuse, and
    teach their users to click through.

    How to mend it: have a certificate issued for all the names, or name the right file in the block.

    When to ignore it: nobody uses the name.

    Sources: RFC 9525, 6.3 (subjectAltName only, wildcards for one label); RFC 7817, 3; Dovecot manual, SSL (SNI);
    tried with a verifying client on Dovecot 2.3.19.1 and 2.4.1 and Postfix 3.7.11.
    """

    name = "server-name-mismatch"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    tags = ("pki",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the certificates that are not for their names."""
        yield from self.unread_certificates(host)
        for found in host.server_certificates:
            missed = [name for name in host.names_asked_of(found) if not found.covers(name)]
            if not (found.names_hosts or found.leaf.may_issue or found.is_self_signed):
                message = f"clients refuse the certificate of {found.leaf.subject}: it has no host in subjectAltName"
            elif missed:
                message = f"the certificate of {found.leaf.subject} is not for {shortened(', '.join(missed))}"
            else:
                continue
            yield self.finding(
                found.use.origin,
                message,
                because=[(found.parts[0].line, "this certificate")],
                advice="have a certificate issued for the names that clients use",
                severity=Severity.MEDIUM if found.for_users else Severity.LOW,
                subject=found.use.name,
            )
