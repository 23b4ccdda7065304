"""Revoked certificates that Postfix goes on trusting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.access.rows import Revocable
from auditor.finding import Severity
from auditor.model.smtpd import grouped, named
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.access.postfix_ways import SmtpdWays
    from auditor.access.table import Access
    from auditor.finding import Finding, NotChecked
    from auditor.text import Origin


ADVICE: Final = (
    "let fingerprints decide: permit_tls_clientcerts with the certificates that are not revoked in relay_clientcerts,"
    " or check_ccert_access in front of it with REJECT for each revoked one"
)


class CrlNotCheckedByPostfix(AccessRule):
    """A revoked client certificate goes on working in Postfix.

    What: a service lets clients past because a CA vouches for their certificate, by permit_tls_all_clientcerts or by
    smtpd_tls_req_ccert. Postfix looks at no CRL: not at one in smtpd_tls_CAfile, and not at one in smtpd_tls_CApath.

    Why it matters: whoever was issued a certificate, or stole one, relays until it expires. A file with CA and CRL that
    Dovecot honours gives false safety here: the same certificate that Dovecot refuses still relays (critical where the
    CRL lists certificates, high elsewhere, medium where a password is needed besides).

    How to mend it: go by fingerprints. Replace permit_tls_all_clientcerts by permit_tls_clientcerts and list the
    certificates that are not revoked in relay_clientcerts; or put `check_ccert_access` with a table that says REJECT
    for each revoked certificate in front of the permit.

    When to ignore it: the certificates live for some days only, so that expiry stands for revocation.

    Sources: TLS_README, "Server access control": permit_tls_all_clientcerts "does not permit any control when a
    certificate must no longer be used"; no CRL flag of OpenSSL is set in Postfix's source up to 3.12-20260821; tried on
    Postfix 3.7.11, 3.10.13 and 3.11.7: the revoked certificate relays, and Dovecot with the same file refuses it.
    """

    name = "crl-not-checked-by-postfix"
    severity = Severity.CRITICAL
    product = "postfix"

    def check(self, access: Access) -> Iterator[Finding | NotChecked]:
        """Look at what trusted certificates get at each service."""
        for ways in access.smtpd:
            if ways.grant and ways.grant.revocable is Revocable.UNKNOWN:
                for missing in ways.grant.unread:
                    yield self.not_checked(f"whether {missing.what} refuses revoked certificates", missing.why)
        for origin, group in grouped(access.smtpd, _unrevocable).items():
            for parameter, unreadable in group[0].service.authorities.unread:
                yield self.not_checked(f"{unreadable.path} ({parameter.name} at {parameter.origin})", unreadable.why)
            yield self._finding(origin, group)

    def _finding(self, origin: Origin, group: Sequence[SmtpdWays]) -> Finding:
        authorities, grant = group[0].service.authorities, group[0].grant
        gets = f"{grant.gain.value if grant else ''} {named(group)}"
        message = f"whoever holds a client certificate {gets} until it expires: Postfix looks at no CRL"
        severity = Severity.HIGH
        revoked = sum(crl.count for _, crl in authorities.crls)
        if revoked:
            store = authorities.crls[0][0].effective
            listed = "1 certificate" if revoked == 1 else f"{revoked} certificates"
            holder = f"whoever holds a revoked client certificate {gets}"
            message = f"{holder}: Postfix never looks at the CRL in {store}, which lists {listed}"
            severity = Severity.CRITICAL
        because = [(one.origin, "the CAs; a CRL here has no effect") for one in authorities.settings]
        because.append((group[0].service.asking_parameter.origin, "clients are asked for a certificate"))
        if grant and grant.also_needed:
            because.append((grant.also_needed.origin, "refuses those who have nothing but a certificate"))
            severity = Severity.MEDIUM
        return self.finding(origin, message, because=because, advice=ADVICE, severity=severity)


def _unrevocable(ways: SmtpdWays) -> Origin | None:
    return ways.grant.origin if ways.grant and ways.grant.revocable is Revocable.NO else None
