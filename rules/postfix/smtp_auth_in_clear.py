"""The password of the relay host, open to who sits between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import all_of, parameter_to
from auditor.model.postfix_fixes import system_cas, with_recent_protocols
from auditor.model.smtp_client import AUTHENTICATED
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Postfix


class SmtpAuthInClear(PostfixRule):
    """Postfix gives the password for the relay host to whoever sits between.

    What: smtp_sasl_auth_enable is on and mail goes to a relay host elsewhere. The security level is `none` or `may`,
    and smtp_sasl_security_options lacks noplaintext: the password is sent in clear text when STARTTLS is not offered
    (high). Or the level does not authenticate the server and smtp_sasl_tls_security_options lacks noplaintext (low).

    Why it matters: whoever sits between takes STARTTLS out of the server's answer and reads the password, or answers
    with a certificate of his own. With it he sends mail in your name.

    How to mend it: write `smtp_tls_security_level = secure` with the system's CAs in smtp_tls_CApath, or `encrypt` at
    the least, and keep noplaintext in smtp_sasl_security_options.

    When to ignore it: the way to the relay host is a tunnel.

    Sources: SASL_README, "Enabling SASL authentication in the Postfix SMTP/LMTP client"; postconf(5),
    smtp_sasl_security_options and smtp_sasl_tls_security_options; TLS_README, "Secure server certificate verification".
    """

    name = "smtp-auth-in-clear"
    severity = Severity.HIGH
    tags = ("tls",)

    def check(self, postfix: Postfix) -> Iterator[Finding | NotChecked]:
        """Look at the client that mail leaves by, where it logs in to one host."""
        client = postfix.smtp_client
        if client is None or client.relay is None or client.relay_is_here or not client.is_on("smtp_sasl_auth_enable"):
            return
        clear, under_tls = client.get("smtp_sasl_security_options"), client.get("smtp_sasl_tls_security_options")
        optional = client.tls_level in ("none", "may") and not client.is_on("smtp_tls_wrappermode")
        in_clear = optional and "noplaintext" not in clear.effective.lower()
        under_any = client.tls_level not in AUTHENTICATED and "noplaintext" not in under_tls.effective.lower()
        if not in_clear and not under_any:
            return
        if client.tls_policies:
            yield self.not_checked(f"how {client.relay.shown} is authenticated", f"{client.tls_policies.name} decides")
            return
        level = f"the security level {client.tls_level}"
        message = f"a server between learns the password for {client.relay.shown}: {level} does not authenticate it"
        if in_clear:
            message = f"the password for {client.relay.shown} is sent in clear text where STARTTLS is not offered"
        because = [
            (client.origin, level),
            (client.relay.origin, "where the password is sent"),
            (client.get("smtp_sasl_auth_enable").origin, "Postfix logs in"),
        ]
        fix = parameter_to(postfix, client.get("smtp_tls_security_level"), "secure")
        fix = with_recent_protocols(fix, postfix, client.get("smtp_tls_mandatory_protocols"))
        if not client.has_cas:
            fix = all_of(fix, system_cas(client))
        yield self.finding(
            (clear if in_clear else client.tls_parameter).origin,
            message,
            because=[*because, *postfix.unset(client.tls_parameter)],
            advice="write `smtp_tls_security_level = secure` with the system's CAs in smtp_tls_CApath",
            fix=fix and fix.unsafe(),
            severity=Severity.HIGH if in_clear else Severity.LOW,
        )
