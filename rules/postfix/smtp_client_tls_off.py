"""Mail that leaves in clear text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import parameter_to
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix


class SmtpClientTlsOff(PostfixRule):
    """All mail leaves in clear text.

    What: the security level of the SMTP client is `none`: smtp_tls_security_level says so, or is empty, its default
    before Postfix 3.11, and neither smtp_use_tls nor smtp_enforce_tls is on. Mail goes to other hosts.

    Why it matters: whoever listens on the way reads and changes the mail, though nearly all servers offer TLS.

    How to mend it: write `smtp_tls_security_level = may`: TLS where the other side has it, and no mail is lost.

    When to ignore it: all mail goes through a tunnel to one host. It is medium where that host has a private address.

    Sources: postconf(5), smtp_tls_security_level; RELEASE_NOTES of Postfix 3.11 (the default becomes `may`);
    smtp_tls_policy.c, global_tls_level.
    """

    name = "smtp-client-tls-off"
    severity = Severity.HIGH
    tags = ("tls",)

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the client that mail leaves by."""
        client = postfix.smtp_client
        if client is None or client.tls_level != "none" or client.relay_is_here:
            return
        policies, relay = client.tls_policies, client.relay
        yield self.finding(
            client.origin,
            f"mail leaves in clear text: {client.tls_parameter.name} is"
            f" {client.tls_parameter.shown or 'empty'}{', but for the servers in a table' if policies else ''}",
            because=[
                *((one.origin, f"{one.name} = {one.shown}") for one in (relay, policies) if one),
                *postfix.unset(client.tls_parameter),
            ],
            advice="write `smtp_tls_security_level = may`",
            fix=parameter_to(postfix, client.get("smtp_tls_security_level"), "may"),
            severity=Severity.MEDIUM if policies or client.relay_is_near else Severity.HIGH,
        )
