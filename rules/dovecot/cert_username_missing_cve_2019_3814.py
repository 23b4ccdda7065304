"""Certificates without a user name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Confidence, Severity
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Dovecot

MENDED: Final[dict[tuple[int, ...], tuple[int, ...]]] = {(2, 2): (2, 2, 36, 1), (2, 3): (2, 3, 4, 1)}
"""The first version of each series that is mended."""


class CertUsernameMissingCve20193814(DovecotRule):
    """A certificate without the user name's field lets its holder log in as anybody (CVE-2019-3814).

    What: Dovecot before 2.2.36.1 or 2.3.4.1 requires client certificates and takes the user name from them.

    Why it matters: where the certificate lacks the field that the name is in, these versions take the name that the
    client typed. Whoever has any certificate of the trusted CA without that field, a server's for one, logs in as
    anybody of a passdb that needs no password.

    How to mend it: upgrade. Until then see that the CA issues no certificate without the field.

    When to ignore it: the package has the patch.

    Sources: NEWS of 2.2.36.1 and 2.3.4.1.
    """

    name = "cert-username-missing-cve-2019-3814"
    severity = Severity.CRITICAL
    confidence = Confidence.LOW
    versions = "before 2.2.36.1, 2.3.0 to 2.3.4"
    tags = ("access", "cve")
    off_because = "distributions patch these versions without a new number"

    def check(self, dovecot: Dovecot) -> Iterator[Finding]:
        """Yield the setting that takes names from certificates."""
        setting = dovecot.get("auth_ssl_username_from_cert")
        required = dovecot.get("auth_ssl_require_client_cert")
        mended = MENDED.get(dovecot.version_numbers[:2])
        if setting is None or required is None or mended is None or dovecot.version_numbers >= mended:
            return
        if dovecot.takes_names_from_certificates and dovecot.is_on("auth_ssl_require_client_cert"):
            yield self.finding(
                setting.origin,
                f"Dovecot {dovecot.version} lets a certificate without the field log in under any name",
                because=[(required.origin, "every login needs a certificate")],
                subject=setting.name,
            )
