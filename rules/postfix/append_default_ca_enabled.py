"""The system's CAs vouch for Postfix's clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.access.certificate_grants import Gain, greatest_gain
from auditor.finding import Severity
from auditor.model.fixes import without
from auditor.model.smtpd import grouped, named, said_of
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.table import Access
    from auditor.finding import Finding

SEVERITIES: Final = {Gain.RELAY: Severity.CRITICAL, Gain.ENTRY: Severity.HIGH, None: Severity.INFO}
ADVICE: Final = (
    "remove the line or write `tls_append_default_CA = no`; it is meant for the SMTP client, too: give that one its CAs"
    " by smtp_tls_CAfile or smtp_tls_CApath"
)


class AppendDefaultCaEnabled(AccessRule):
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
    product = "postfix"

    def check(self, access: Access) -> Iterator[Finding]:
        """Look at the services that ask for certificates."""
        asking = (ways for ways in access.smtpd if ways.service.asks_for_certificate)
        appending = (ways for ways in asking if ways.service.authorities.appends_default)
        for origin, group in grouped(appending, lambda one: one.service.authorities.appending.origin).items():
            gain, services = greatest_gain(group)
            service, grant = services[0].service, services[0].grant
            takes = said_of(services, "takes", "take")
            message = f"{takes} a certificate of any CA that the system trusts for a trusted one"
            if gain:
                message = f"anyone with a certificate of any CA that the system trusts {gain.value} {named(services)}"
            if service.authorities.always_append:
                message += f"; Postfix {service.postfix.version} always adds the system's CAs"
            because = [(one.origin, "the system's CAs are added to these") for one in service.authorities.settings]
            because.append((service.asking_parameter.origin, "clients are asked for a certificate"))
            if grant:
                because.append((grant.origin, "trusted certificates are let past here"))
            advice = "upgrade to Postfix 2.7.2 or later" if service.authorities.always_append else ADVICE
            fix = None if service.authorities.always_append else without(origin, "tls_append_default_CA")
            yield self.finding(origin, message, because=because, advice=advice, severity=SEVERITIES[gain], fix=fix)
