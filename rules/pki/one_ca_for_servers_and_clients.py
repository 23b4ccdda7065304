"""A server certificate with which one can log in as a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.certificate_facts import is_for_clients
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class OneCaForServersAndClients(HostRule):
    """The CA of the client certificates issued a server certificate that passes for a client's.

    What: a CA that client certificates are verified by also issued a certificate that a daemon shows as a server,
    and that one has no extendedKeyUsage, or one that allows clients.

    Why it matters: whoever has that server's key, such as another administrator or a broken web server, comes in as
    a client: he relays mail where any certificate may, or logs in by the name in its subject.

    How to mend it: issue server certificates with `extendedKeyUsage = serverAuth` (`easyrsa build-server-full`
    does), or have a CA of its own for clients. Revoke the old one.

    When to ignore it: only listed fingerprints count (relay_clientcerts, check_ccert_access).

    Sources: RFC 5280, 4.2.1.12; OpenSSL, check_purpose_ssl_client; TLS_README of Postfix
    (permit_tls_all_clientcerts: a CA of its own); tried on Postfix 3.7.11.
    """

    name = "one-ca-for-servers-and-clients"
    severity = Severity.MEDIUM
    tags = ("pki", "access")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the server certificates of client CAs that pass for those of clients."""
        yield from self.unread_certificates(host)
        yield from self.unread(host.unread_client_trusts)
        for trust in host.client_trusts:
            for found in host.server_certificates:
                issuer = trust.file.issuer_of(found.leaf)
                if issuer is None or not trust.asking_use or found.leaf.may_issue or not is_for_clients(found.leaf):
                    continue
                yield self.finding(
                    trust.asking_use.file.origin,
                    f"with the key of the server certificate of {found.leaf.subject} one comes in as a client:"
                    f" {issuer.subject} issued it, too, and it is not for servers only",
                    because=[(found.use.origin, "the server certificate"), (trust.line_of(issuer), "the CA")],
                    advice="issue server certificates with extendedKeyUsage = serverAuth",
                    subject=f"{trust.name} {found.use.name}",
                )
