"""TLS that every server of the Internet must have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import parameter_to
from auditor.model.smtp_client import MANDATORY
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix


class SmtpMandatoryTlsGlobal(PostfixRule):
    """Mail to servers without TLS, or without the right certificate, is not delivered.

    What: smtp_tls_security_level is `encrypt` or stricter for the client that delivers to the whole Internet: there is
    no relayhost.

    Why it matters: mail to servers that do not meet the level waits in the queue and then bounces. With `verify` and
    `secure` these are most of them, with `dane-only` nearly all.

    How to mend it: write `may`, or `dane` with a validating resolver, and give the partners that must have more a line
    in smtp_tls_policy_maps.

    When to ignore it: the host delivers to few known domains, or losing such mail is what you want.

    Sources: postconf(5), smtp_tls_security_level ("not an appropriate default for systems delivering mail to the
    Internet"); TLS_README.
    """

    name = "smtp-mandatory-tls-global"
    severity = Severity.MEDIUM
    tags = ("tls",)

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the client that mail leaves by."""
        client = postfix.smtp_client
        if client and client.tls_level in MANDATORY and client.relay is None:
            level = "dane" if client.tls_level == "dane-only" else "may"
            fix = parameter_to(postfix, client.get("smtp_tls_security_level"), level)
            yield self.finding(
                client.origin,
                f"mail to every server that does not meet the level `{client.tls_level}` is not delivered",
                advice="write `smtp_tls_security_level = may`, and name stricter partners in smtp_tls_policy_maps",
                fix=fix and fix.unsafe(),
            )
