"""Certificates required of Postfix's clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import exempted
from auditor.model.reach import POSTFIX_SERVICE
from auditor.model.vocabulary import is_true
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Dovecot


class RequireCertBlocksMta(DovecotRule):
    """A client certificate is required of Postfix's clients, too, who cannot show one.

    What: `auth_ssl_require_client_cert = yes` is in effect for the protocol `smtp`, and a Postfix on this host asks
    this Dovecot about its clients. Postfix tells Dovecot nothing about certificates.

    Why it matters: nobody can authenticate to Postfix: users cannot send mail.

    How to mend it: exempt Postfix. On 2.2 and 2.3 by requiring certificates inside `protocol !smtp { }`; on 2.4 that
    holds for SMTP as well, so require them for all and put `auth_ssl_require_client_cert = no` into `protocol smtp {
    }`.

    When to ignore it: nobody is to authenticate to Postfix; then `smtpd_sasl_auth_enable` is better off.

    Sources: src/xsasl/xsasl_dovecot_server.c of Postfix; Dovecot wiki, SSL/DovecotConfiguration; auth_find_protocol in
    src/auth/auth.c; tried on Dovecot 2.3.19.1, 2.4.1 and 2.4.5: the block for `!smtp` lets SMTP through on 2.3 only.
    """

    name = "require-cert-blocks-mta"
    severity = Severity.HIGH
    product = "both"
    tags = ("access", "outage")

    def check(self, dovecot: Dovecot) -> Iterator[Finding]:
        """Yield what requires certificates of Postfix's clients."""
        setting = dovecot.get("auth_ssl_require_client_cert", dovecot.auth.scope(POSTFIX_SERVICE))
        if not dovecot.asked_by_postfix or setting is None or not is_true(setting.value):
            return
        advice = "put this line into `protocol !smtp { }`"
        if dovecot.dialect == "2.4":
            advice = (
                "add `protocol smtp { auth_ssl_require_client_cert = no }`; in 2.4 `protocol !smtp` is no exemption"
            )
        fix = exempted(setting, POSTFIX_SERVICE, "no")
        yield self.finding(
            setting.origin,
            "nobody can authenticate to Postfix: a client certificate is required, and Postfix passes none on",
            advice=advice,
            subject=setting.name,
            fix=fix and fix.opening().unsafe(),
        )
