"""Public CAs vouch for Postfix's clients by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.smtpd import grouped, named
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Postfix


class SmtpdTrustsPublicCas(PostfixRule):
    """The CAs for client certificates include public ones.

    What: smtpd_tls_CAfile or smtpd_tls_CApath of a service that asks for client certificates is the system's own store
    (/etc/ssl/certs, ca-certificates.crt, ca-bundle.crt and the like), leads there, or holds a root that Mozilla's
    programme knows.

    Why it matters: with permit_tls_all_clientcerts, or where smtpd_tls_req_ccert is the gate, anyone who gets a
    certificate from one of these CAs is let in (critical). tls_append_default_CA = no does not help here. Where
    certificates give nothing by themselves, they are only recorded as trusted (info).

    How to mend it: name a file that holds your own CA and nothing else, and empty smtpd_tls_CApath. The CAs for
    outgoing mail are those of smtp_tls_CAfile and smtp_tls_CApath.

    When to ignore it: the system's store was emptied and holds only CAs of your own.

    Sources: TLS_README, "Server access control" (permit_tls_all_clientcerts is to be used with caution); tried on
    Postfix 3.7.11, 3.10.13 and 3.11.7: a certificate of a CA in smtpd_tls_CApath = /etc/ssl/certs relays. The roots are
    those of Debian's package ca-certificates.
    """

    name = "smtpd-trusts-public-cas"
    severity = Severity.CRITICAL

    def check(self, postfix: Postfix) -> Iterator[Finding | NotChecked]:
        """Look at the CAs of the services that ask for certificates."""
        asking = [service for service in postfix.smtpd_services if service.asks_for_certificate]
        for service in asking:
            for parameter, unreadable in service.authorities.unread:
                yield self.not_checked(f"{unreadable.path} ({parameter.name} at {parameter.origin})", unreadable.why)
        public = [service for service in asking if service.authorities.public]
        for origin, group in grouped(public, lambda service: service.authorities.public[0].parameter.origin).items():
            right = next((one.certificates.right for one in group if one.certificates.right), None)
            services = [service for service in group if service.certificates.right is right]
            ca, grant = services[0].authorities.public[0], services[0].certificates.grant
            issuer = ca.name or f"any CA in {ca.store}"
            message = f"{named(services)} takes a certificate of {issuer}, where the public gets one, for a trusted one"
            if right:
                message = f"anyone with a certificate of {issuer} {right.value} {named(services)}"
            because = [(services[0].asking_parameter.origin, "clients are asked for a certificate")]
            if grant:
                because.append((grant.origin, "trusted certificates are let past here"))
            yield self.finding(
                origin,
                message,
                because=because,
                advice=f"let {ca.parameter.name} name a file that holds nothing but the CA of your own clients",
                severity=Severity.CRITICAL if right else Severity.INFO,
            )
