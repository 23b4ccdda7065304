"""Public CAs vouch for Postfix's clients by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.access.certificate_grants import greatest_gain
from auditor.finding import Severity
from auditor.model.fixes import without
from auditor.model.smtpd import grouped, named, said_of
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.table import Access
    from auditor.finding import Finding, NotChecked


class SmtpdTrustsPublicCas(AccessRule):
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
    product = "postfix"

    def check(self, access: Access) -> Iterator[Finding | NotChecked]:
        """Look at the CAs of the services that ask for certificates."""
        asking = [ways for ways in access.smtpd if ways.service.asks_for_certificate]
        for ways in asking:
            for parameter, unreadable in ways.service.authorities.unread:
                yield self.not_checked(f"{unreadable.path} ({parameter.name} at {parameter.origin})", unreadable.why)
        public = [ways for ways in asking if ways.service.authorities.public]
        for origin, group in grouped(public, lambda one: one.service.authorities.public[0].parameter.origin).items():
            gain, services = greatest_gain(group)
            service, grant = services[0].service, services[0].grant
            ca = service.authorities.public[0]
            issuer = ca.name or f"any CA in {ca.store}"
            takes = said_of(services, "takes", "take")
            message = f"{takes} a certificate of {issuer}, where the public gets one, for a trusted one"
            if gain:
                message = f"anyone with a certificate of {issuer} {gain.value} {named(services)}"
            because = [(service.asking_parameter.origin, "clients are asked for a certificate")]
            if grant:
                because.append((grant.origin, "trusted certificates are let past here"))
            authorities = service.authorities
            private = authorities.file.effective and all(
                one.parameter is authorities.path for one in authorities.public
            )
            fix = without(authorities.path.origin, authorities.path.name) if private else None
            yield self.finding(
                origin,
                message,
                because=because,
                advice=f"let {ca.parameter.name} name a file that holds nothing but the CA of your own clients",
                fix=fix and fix.unsafe(),
                severity=Severity.CRITICAL if gain else Severity.INFO,
            )
