"""A certificate field for user names that no certificate has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Confidence, Severity
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding, NotChecked


class CertUsernameFieldNotInSubject(DovecotAccessRule):
    """The field of the certificate that should hold the user's name is in no certificate.

    What: ssl_cert_username_field (2.4: ssl_server_cert_username_field) names something that OpenSSL knows and that
    no subject can have, such as subjectAltName; or the CA's folder on this host holds certificates of users, and
    none of them has the field.

    Why it matters: the user's name is empty, so every login by certificate fails; before 2.3.4.1 anybody with a
    certificate could then log in as anybody (CVE-2019-3814).

    How to mend it: name a field that the certificates have: `openssl x509 -noout -subject` shows them. Or issue the
    certificates anew.

    When to ignore it: the certificates that count were issued elsewhere.

    Sources: Dovecot wiki, SSL/DovecotConfiguration (X509_NAME_get_text_by_NID); CVE-2019-3814; tried on Dovecot
    2.3.19.1 and 2.4.1.
    """

    name = "cert-username-field-not-in-subject"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    tags = ("tls", "access")

    def check(self, access: DovecotAccess) -> Iterator[Finding | NotChecked]:
        """Yield the fields that no certificate has."""
        for field in access.username_fields:
            issued = access.host.issued_to_clients
            if field.is_no_attribute:
                what = "it is no part of a subject"
            elif field.oid and issued and not field.found_in(issued):
                what = f"none of {len(issued)} certificates in the CA's folder has it"
            else:
                continue
            yield self.finding(
                field.setting.origin,
                f"logins by certificate have no user name: `{field.setting.name} = {field.setting.value}`, and {what}",
                advice="name a field that the certificates have, such as `emailAddress` or `commonName`",
            )
