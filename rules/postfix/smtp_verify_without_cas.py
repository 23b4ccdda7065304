"""Servers to be verified by no CA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.postfix_fixes import system_cas
from auditor.model.smtp_client import BY_CAS
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix


class SmtpVerifyWithoutCas(PostfixRule):
    """The SMTP client is to verify certificates, and trusts no CA.

    What: smtp_tls_security_level is `verify` or `secure`; smtp_tls_CAfile and smtp_tls_CApath are empty, and
    tls_append_default_CA is `no`, its default.

    Why it matters: no certificate can be verified, and all mail stays in the queue until it bounces.

    How to mend it: name the system's CAs: `smtp_tls_CApath = /etc/ssl/certs`, or smtp_tls_CAfile with the bundle. Do
    not set tls_append_default_CA for that: smtpd would trust them for client certificates, too.

    When to ignore it: never; nothing is delivered.

    Sources: postconf(5), smtp_tls_CAfile, tls_append_default_CA; TLS_README, "Secure server certificate verification".
    """

    name = "smtp-verify-without-cas"
    severity = Severity.HIGH
    tags = ("tls",)

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the client that mail leaves by."""
        client = postfix.smtp_client
        if client and client.tls_level in BY_CAS and not client.has_cas:
            stores = [client.get(name) for name in ("smtp_tls_CAfile", "smtp_tls_CApath")]
            yield self.finding(
                client.origin,
                f"no mail is delivered: the level `{client.tls_level}` needs CAs, and the SMTP client has none",
                because=postfix.unset(*stores),
                advice="write `smtp_tls_CApath = /etc/ssl/certs`",
                fix=system_cas(client),
            )
