"""User names from the common name, which users do not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.access.certificate_names import COMMON_NAME
from auditor.finding import Confidence, Severity
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding, NotChecked


class CertUsernameDefaultCn(DovecotAccessRule):
    """The user's name is taken from the certificate's common name, and no user is called so.

    What: auth_ssl_username_from_cert is on, the field is commonName, by default or by setting, and in the CA's
    folder on this host no certificate of a user has a common name that is a user's name. Of several the first counts.

    Why it matters: every login by certificate fails. The common name is often a free text that whoever asks for the
    certificate writes; one who writes another user's name there gets that mailbox.

    How to mend it: ssl_cert_username_field = emailAddress (2.4: ssl_server_cert_username_field), if the
    certificates have it.

    When to ignore it: the certificates that count were issued elsewhere.

    Sources: Dovecot wiki, SSL/DovecotConfiguration ("by default the CommonName"); tried on Dovecot 2.3.19.1 and
    2.4.1.
    """

    name = "cert-username-default-cn"
    severity = Severity.LOW
    confidence = Confidence.MEDIUM
    tags = ("tls", "access")

    def check(self, access: DovecotAccess) -> Iterator[Finding | NotChecked]:
        """Yield that common names are taken which are no users'."""
        for field in access.username_fields:
            names = field.found_in(access.host.issued_to_clients) if field.oid == COMMON_NAME else set()
            if names and field.is_of_no_user(names):
                origin = field.setting.origin
                by_default = access.dovecot.get("auth_ssl_username_from_cert")
                yield self.finding(
                    by_default.origin if by_default and not origin.span else origin,
                    f"logins by certificate fail: no user has the common name of any of {len(names)} certificates",
                    advice=f"set {field.setting.name} to a field with the users' names, such as emailAddress",
                )
