"""Diffie-Hellman parameters of Postfix that are too short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.host import Unreadable
from auditor.model.fixes import without
from auditor.model.smtpd import TlsLevel
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Postfix

PARAMETER: Final = "smtpd_tls_dh1024_param_file"


class PostfixDhShort(PostfixRule):
    """The Diffie-Hellman parameters of Postfix are shorter than the policy asks.

    What: the file of smtpd_tls_dh1024_param_file holds a prime with fewer bits than the policy takes.

    Why it matters: an exchange over a short prime that many servers share can be broken by who has the means (Logjam).

    How to mend it: take the line out: Postfix then has a prime of 2048 bits of its own, or the one that OpenSSL
    chooses.

    When to ignore it: servers that know no other exchange send you mail, which would come in clear otherwise.

    Sources: postconf(5), smtpd_tls_dh1024_param_file; DEPRECATION_README; RFC 9325, 4.4; tried on
    Postfix 3.7.11 and 3.10.13.
    """

    name = "postfix-dh-short"
    severity = Severity.LOW
    tags = ("tls",)

    def check(self, postfix: Postfix) -> Iterator[Finding | NotChecked]:
        """Look at the file of every service that has TLS."""
        least = postfix.policy.dh_bits
        served = {one.get(PARAMETER) for one in postfix.smtpd_services if one.tls_level is not TlsLevel.NONE}
        for parameter in sorted(served, key=lambda one: str(one.origin)):
            bits = postfix.dh_bits(parameter)
            if isinstance(bits, Unreadable):
                yield self.not_checked(f"{bits.path} ({PARAMETER} at {parameter.origin})", bits.why)
            elif bits is not None and bits < least:
                yield self.finding(
                    parameter.origin,
                    f"the Diffie-Hellman parameters have {bits} bits: `{PARAMETER} = {parameter.shown}`",
                    advice=f"take the line out, or use {least} bits, as {postfix.policy.cited} asks",
                    subject=PARAMETER,
                    fix=without(parameter.origin, PARAMETER),
                )
