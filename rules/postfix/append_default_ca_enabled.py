"""The system's CAs vouch for Postfix's clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.model.certificate_rights import Right
from auditor.model.smtpd import grouped, named
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix

SEVERITIES: Final = {Right.RELAY: Severity.CRITICAL, Right.ENTRY: Severity.HIGH, None: Severity.INFO}
ADVICE: Final = (
    "remove the line or write `tls_append_default_CA = no`; it is meant for the SMTP client, too: give that one its CAs"
    " by smtp_tls_CAfile or smtp_tls_CApath"
)


class AppendDefaultCaEnabled(PostfixRule):
    """Postfix trusts client certificates of every CA that the system trusts.

    What: `tls_append_default_CA = yes` is in effect for an smtpd service that asks its clients for certificates and has
    a smtpd_tls_CAfile or smtpd_tls_CApath. Postfix then trusts the system's CAs as well as the ones named there. The
    default is `no`; only releases before 2.4.15, 2.5.11, 2.6.8 and 2.7.2 always add the system's CAs.

    Why it matters: with permit_tls_all_clientcerts anyone who has a certificate of any public CA relays mail through
    the server (critical). Where smtpd_tls_req_ccert is the only gate, they get past it (high). Where certificates give
    nothing by themselves, they are only recorded as trusted (info).

    How to mend it: remove the line or the `-o`. The parameter is global: if the SMTP client needs the system's CAs, for
    security level verify or secure, name them in smtp_tls_CAfile or smtp_tls_CApath.

    When to ignore it: the system's store is empty or holds only CAs of your own.

    Sources: postconf(5), tls_append_default_CA; HISTORY of Postfix, 20100610; tls_certkey.c,
    tls_set_ca_certificate_info; tried on Postfix 3.7.11, 3.10.13 and 3.11.7: a certificate of a CA in /etc/ssl/certs
    relays with `yes` and does not by default.
    """

    name = "append-default-ca-enabled"
    severity = Severity.CRITICAL

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the services that ask for certificates."""
        services = (one for one in postfix.smtpd_services if one.asks_for_certificate)
        appending = (one for one in services if one.authorities.appends_default)
        for origin, group in grouped(appending, lambda service: service.authorities.appending.origin).items():
            severity = min(SEVERITIES[service.certificates.right] for service in group)
            worst = [service for service in group if SEVERITIES[service.certificates.right] is severity]
            authorities, certificates = worst[0].authorities, worst[0].certificates
            message = f"{named(worst)} takes a certificate of any CA that the system trusts for a trusted one"
            if certificates.right:
                anyone = "anyone with a certificate of any CA that the system trusts"
                message = f"{anyone} {certificates.right.value} {named(worst)}"
            if authorities.always_append:
                message += f"; Postfix {postfix.version} always adds the system's CAs"
            because = [(one.origin, "the system's CAs are added to these") for one in authorities.settings]
            because.append((worst[0].asking_parameter.origin, "clients are asked for a certificate"))
            if certificates.grant:
                because.append((certificates.grant.origin, "trusted certificates are let past here"))
            advice = "upgrade to Postfix 2.7.2 or later" if authorities.always_append else ADVICE
            yield self.finding(origin, message, because=because, advice=advice, severity=severity)
