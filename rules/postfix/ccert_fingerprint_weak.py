"""Certificates known by a fingerprint of an old kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.model.smtpd import grouped, said_of
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.table import Access
    from auditor.finding import Finding

DIGEST: Final = "smtpd_tls_fingerprint_digest"
BY_FINGERPRINT: Final = frozenset({"permit_tls_clientcerts", "check_ccert_access"})


class CcertFingerprintWeak(AccessRule):
    """Clients are let in by MD5 or SHA-1 fingerprints of their certificates.

    What: an smtpd service goes by the fingerprints of client certificates (permit_tls_clientcerts, check_ccert_access),
    and smtpd_tls_fingerprint_digest is `md5` or `sha1`: as set, or because compatibility_level is below 3.6.

    Why it matters: two certificates with one MD5 or SHA-1 fingerprint can be made by whoever chooses both, so that what
    was listed for one lets in the other. And where the value comes from compatibility_level, raising that makes every
    listed certificate unknown, and the other way round.

    How to mend it: write `smtpd_tls_fingerprint_digest = sha256`, and the fingerprints of the tables anew
    (`openssl x509 -noout -fingerprint -sha256`).

    When to ignore it: all the certificates are of your own making.

    Sources: COMPATIBILITY_README ("smtpd_tls_fingerprint_digest=md5"); postconf(5), smtpd_tls_fingerprint_digest.
    """

    name = "ccert-fingerprint-weak"
    severity = Severity.LOW
    product = "postfix"
    tags = ("tls", "certificates")

    def check(self, access: Access) -> Iterator[Finding]:
        """Look at the services that go by fingerprints."""
        services = (
            ways.service
            for ways in access.smtpd
            if ways.service.asks_for_certificate and any(one.name.lower() in BY_FINGERPRINT for one in ways.items)
        )
        weak = [one for one in services if one.get(DIGEST).effective.lower() in ("md5", "sha1")]
        for origin, group in grouped(weak, lambda one: one.get(DIGEST).origin).items():
            digest = group[0].get(DIGEST)
            algorithm = digest.effective.upper()
            yield self.finding(
                origin,
                f"{said_of(group, 'knows', 'know')} client certificates by their {algorithm} fingerprints",
                because=group[0].postfix.unset(digest),
                advice=f"write `{DIGEST} = sha256`, and the fingerprints of the tables anew",
                subject=DIGEST,
            )
