"""Mechanisms that need passwords in a form that gives them away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.model.fixes import without_element
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Dovecot

CHALLENGES: Final = ("apop", "cram-md5", "digest-md5", "lm", "ntlm", "rpa")
"""Mechanisms that compute with the password itself, or with a hash that is as good as it."""


class ChallengeMechanismNeedsPlainStorage(DovecotRule):
    """A challenge-response mechanism is offered that needs passwords stored in a form that gives them away.

    What: one of CRAM-MD5, DIGEST-MD5, APOP, NTLM, LM and RPA is among the mechanisms.

    Why it matters: for these the server must keep the password itself, or a hash of MD5 or MD4 that serves as one, so
    whoever reads the user database has everybody's password. They spare the password on a connection without TLS, and
    with TLS they gain nothing. NTLM and RPA had flaws of their own (CVE-2020-12673, CVE-2020-12674).

    How to mend it: offer `plain login` over TLS, or scram-sha-256, for which a salted hash is kept.

    When to ignore it: old clients know nothing else.

    Sources: Dovecot manual, "Authentication Mechanisms" and "Password Schemes"; NEWS of 2.3.11.
    """

    name = "challenge-mechanism-needs-plain-storage"
    severity = Severity.LOW
    tags = ("access",)

    def check(self, dovecot: Dovecot) -> Iterator[Finding]:
        """Yield the mechanisms of that kind."""
        others = [name for name in dovecot.mechanisms if name not in CHALLENGES]
        for element in (dovecot.mechanisms[name] for name in CHALLENGES if name in dovecot.mechanisms):
            fix = without_element(element, "auth_mechanisms")
            yield self.finding(
                element.origin,
                f"{element.name.upper()} is offered, for which passwords must be stored in a form that gives them away",
                subject=element.name.lower(),
                fix=fix.unsafe() if fix and others else None,
            )
