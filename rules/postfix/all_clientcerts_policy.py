"""Every certificate of a CA is let past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.certificate_rights import ALL_CERTIFICATES
from auditor.model.smtpd import grouped, named
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Postfix


class AllClientcertsPolicy(PostfixRule):
    """Every certificate of a CA is let past, whoever holds it.

    What: permit_tls_all_clientcerts decides in a restriction list of a service that asks for client certificates: it
    stands there, in a restriction class, or is the result of an access table.

    Why it matters: each certificate that the CA ever issued may relay, for servers, printers and former employees
    alike, with any sender address. There is no way to let one person in and not another.

    How to mend it: use permit_tls_clientcerts instead, and list the SHA-256 fingerprints of those who may in the table
    of relay_clientcerts.

    When to ignore it: the CA exists for this one purpose, and everyone it certifies may relay.

    Sources: postconf(5), permit_tls_all_clientcerts and permit_tls_clientcerts; TLS_README, "Server access control".
    """

    name = "all-clientcerts-policy"
    severity = Severity.MEDIUM

    def check(self, postfix: Postfix) -> Iterator[Finding | NotChecked]:
        """Look at what trusted certificates get at each service."""
        for service in postfix.smtpd_services:
            if service.certificates.grant or not (service.asks_for_certificate and service.authorities.configured):
                continue
            for item, why in service.certificates.unknown_tables:
                yield self.not_checked(f"whether a result of {item.name} at {item.origin} is {ALL_CERTIFICATES}", why)
        for origin, group in grouped(postfix.smtpd_services, lambda one: one.certificates.permit_for_all).items():
            service, right = group[0], group[0].certificates.right
            because = [(one.origin, "every certificate of these CAs") for one in service.authorities.settings]
            because.append((service.asking_parameter.origin, "clients are asked for a certificate"))
            yield self.finding(
                origin,
                f"every certificate of the trusted CAs {right.value if right else ''} {named(group)}, whoever holds it",
                because=because,
                advice="replace permit_tls_all_clientcerts by permit_tls_clientcerts, and list the fingerprints of"
                " those who may in relay_clientcerts",
            )
