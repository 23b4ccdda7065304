"""Every certificate of a CA is let past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.postfix_fixes import replaced
from auditor.model.smtpd import grouped, named
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.postfix_ways import SmtpdWays
    from auditor.access.table import Access
    from auditor.finding import Finding, NotChecked
    from auditor.text import Origin


class AllClientcertsPolicy(AccessRule):
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
    product = "postfix"

    def check(self, access: Access) -> Iterator[Finding | NotChecked]:
        """Look at what trusted certificates get at each service."""
        for ways in access.smtpd:
            if ways.grant is None and ways.service.asks_for_certificate and ways.service.authorities.configured:
                for missing in ways.unread_tables:
                    if any(missing in way.outcome.relied_on for way in ways.ways):
                        yield self.not_checked(missing.what, missing.why)
        for origin, group in grouped(access.smtpd, _permit).items():
            service, grant = group[0].service, group[0].grant
            because = [(one.origin, "every certificate of these CAs") for one in service.authorities.settings]
            because.append((service.asking_parameter.origin, "clients are asked for a certificate"))
            fix = (
                replaced(origin.span, "permit_tls_clientcerts") if service.get("relay_clientcerts").effective else None
            )
            yield self.finding(
                origin,
                f"every certificate of the trusted CAs {grant.gain.value if grant else ''} {named(group)},"
                " whoever holds it",
                because=because,
                advice="replace permit_tls_all_clientcerts by permit_tls_clientcerts, and list the fingerprints of"
                " those who may in relay_clientcerts",
                fix=fix and fix.opening().unsafe(),
            )


def _permit(ways: SmtpdWays) -> Origin | None:
    return ways.grant.origin if ways.grant and ways.grant.by_permit else None
