"""Other mail servers are asked for client certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.postfix_fixes import main_to
from auditor.model.smtpd import confidence_in, grouped, said_of
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix


class AskCcertGlobal(PostfixRule):
    """The service that takes mail from the Internet asks for client certificates.

    What: smtpd_tls_ask_ccert or smtpd_tls_req_ccert is in effect for an smtpd service on port 25, also for one behind
    postscreen, mostly because it stands in main.cf and master.cf does not take it back for that service.

    Why it matters: other mail servers deliver to port 25. Some of them break the session off when they are asked for a
    certificate, and anonymous ciphers are no longer offered (medium). Where smtpd_tls_req_ccert is in effect, which
    takes mandatory TLS, every server without a certificate of your CA is turned away: no mail arrives (high).

    How to mend it: keep `smtpd_tls_ask_ccert = no` in main.cf and give `-o smtpd_tls_ask_ccert=yes` to the services
    that your users send through, such as submission and submissions.

    When to ignore it: only machines that you know deliver to this port 25.

    Sources: postconf(5), smtpd_tls_ask_ccert and smtpd_tls_req_ccert; TLS_README, "Client certificate verification";
    smtpd.c, pre_jail_init and smtpd_start_tls.
    """

    name = "ask-ccert-global"
    severity = Severity.HIGH

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the services that take mail from the Internet."""
        services = (one for one in postfix.smtpd_services if one.takes_mail_from_internet and one.asks_for_certificate)
        for origin, group in grouped(services, lambda service: service.asking_parameter.origin).items():
            service, parameter = group[0], group[0].asking_parameter
            because = [(service.origin, "takes mail from the Internet on port 25")]
            asks = said_of(group, "asks", "ask")
            message = f"{asks} every mail server that delivers on port 25 for a client certificate"
            if service.requires_certificate:
                turns = said_of(group, "turns", "turn")
                message = f"{turns} away every mail server on port 25 that has no certificate of your CA"
                because += service.tls_settings
            senders = [one for one in postfix.smtpd_services if one.asks_for_certificate]
            fix = main_to(group, parameter.name, "no", keeping=senders)
            yield self.finding(
                origin,
                message,
                because=because,
                advice=f"switch {parameter.name} off for port 25 and give `-o {parameter.name}=yes` to the services"
                " that your users send through",
                severity=Severity.HIGH if service.requires_certificate else Severity.MEDIUM,
                confidence=confidence_in(group),
                fix=fix and fix.unsafe(),
            )
