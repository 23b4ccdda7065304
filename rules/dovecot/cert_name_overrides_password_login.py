"""Password logins whose name the client certificate replaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.reach import PASSWORD_MECHANISMS
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Dovecot


class CertNameOverridesPasswordLogin(DovecotRule):
    """Who shows a client certificate can log in with a password only under the certificate's own name.

    What: `auth_ssl_username_from_cert` takes the name from the certificate for every mechanism, password mechanisms are
    offered besides EXTERNAL, and clients are asked for a certificate without having to show one.

    Why it matters: a mail program that has a certificate installed shows it wherever it is asked, and then fails to log
    in to a shared mailbox with that mailbox's name and password: the name that was typed is not looked at.

    How to mend it: nothing, as a rule; or a listener of its own that asks for no certificate.

    When to ignore it: nobody uses two accounts in one program.

    Sources: auth_request_handler_auth_begin in src/auth/auth-request-handler.c; tried on Dovecot 2.3.19.1, 2.4.1 and
    2.4.5.
    """

    name = "cert-name-overrides-password-login"
    severity = Severity.INFO
    tags = ("access",)

    def check(self, dovecot: Dovecot) -> Iterator[Finding]:
        """Yield the setting, where passwords and certificates go side by side."""
        setting = dovecot.get("auth_ssl_username_from_cert")
        if setting is None or not dovecot.takes_names_from_certificates:
            return
        asking = [one for one in dovecot.tls_contexts if one.asks and one.has_ca]
        if asking and any(mechanism in dovecot.mechanisms for mechanism in PASSWORD_MECHANISMS):
            request = asking[0].request_client_cert
            yield self.finding(
                setting.origin,
                "with a client certificate nobody can log in by password under another name than the certificate's",
                because=[(request.origin, "clients are asked for a certificate")] if request else [],
                subject=setting.name,
            )
