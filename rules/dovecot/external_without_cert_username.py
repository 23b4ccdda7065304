"""EXTERNAL offered without a user name from the certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import setting_to
from auditor.model.vocabulary import is_true
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Dovecot


class ExternalWithoutCertUsername(DovecotRule):
    """Certificate logins are offered, but no user name is taken from the certificate.

    What: EXTERNAL is among the mechanisms and `auth_ssl_username_from_cert` is off. Inside a `protocol` block it has
    no effect.

    Why it matters: EXTERNAL gets its user name from the certificate and from nowhere else, so every such login fails
    ("username not known").

    How to mend it: set `auth_ssl_username_from_cert = yes`, and see to it that clients are asked for certificates and
    that these are verified. Else take `external` out of `auth_mechanisms`.

    When to ignore it: only Postfix asks this Dovecot; then this rule says nothing.

    Sources: Dovecot manual, SSL configuration, client certificates; src/auth/mech-external.c; tried on 2.3.19.1,
    2.4.1 and 2.4.5.
    """

    name = "external-without-cert-username"
    severity = Severity.MEDIUM
    tags = ("access",)

    def check(self, dovecot: Dovecot) -> Iterator[Finding]:
        """Yield the place where EXTERNAL is offered, when no protocol takes names from certificates."""
        external = dovecot.mechanisms.get("external")
        protocols = dovecot.protocols
        if external is None or not protocols or dovecot.takes_names_from_certificates:
            return
        settings = dovecot.spellings("auth_ssl_username_from_cert")
        places = {one.origin: "has no effect here" if is_true(one.value) else "is off here" for one in settings}
        taking = dovecot.get("auth_ssl_username_from_cert")
        verified = any(context.asks and context.has_ca for context in dovecot.tls_contexts)
        fix = setting_to(dovecot, taking, "yes") if taking and verified else None
        yield self.finding(
            external.origin,
            "no certificate login can succeed: EXTERNAL is offered, but `auth_ssl_username_from_cert` is off"
            f" ({', '.join(protocols)})",
            because=[(origin, f"taking names from certificates {label}") for origin, label in places.items()],
            advice="set `auth_ssl_username_from_cert = yes`, or take `external` out of `auth_mechanisms`",
            subject="auth_ssl_username_from_cert",
            fix=fix.opening() if fix else None,
        )
