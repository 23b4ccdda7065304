"""Protocol versions before TLS 1.2 where TLS is a must."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Confidence, Severity
from auditor.model.postfix_fixes import recent_protocols
from auditor.model.smtpd import named as services_named
from auditor.model.tls_strength import named
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix
    from auditor.model.postfix_tls import TlsUse
    from auditor.text import Origin


class PostfixTlsProtocolOld(PostfixRule):
    """Postfix uses versions of TLS that are no longer safe.

    What: smtpd_tls_mandatory_protocols or smtp_tls_mandatory_protocols, where TLS is mandatory, allows versions that
    the policy does not take: before TLS 1.2 in all of them (medium; low where it is the default, `>=TLSv1`). Where TLS
    is optional, smtpd_tls_protocols or smtp_tls_protocols allows SSLv3 or SSLv2 (medium) or other old ones (info).

    Why it matters: these versions rest on SHA1 and MD5 and on modes of ciphers with known attacks. On a submission port
    passwords are sent under them. On port 25 old TLS is still better than the clear text that comes instead.

    How to mend it: write `smtpd_tls_mandatory_protocols = >=TLSv1.2`, before Postfix 3.6
    `!SSLv2, !SSLv3, !TLSv1, !TLSv1.1`, and the same for smtp_tls_mandatory_protocols.

    When to ignore it: clients of before 2013 must be served.

    Sources: RFC 8996 and 8997; postconf(5), smtpd_tls_mandatory_protocols; tls_misc.c, tls_proto_mask_lims; tried on
    Postfix 3.7.11 and 3.10.13, which set OpenSSL's security level to 0: a client of TLS 1.1 is served.
    """

    name = "postfix-tls-protocol-old"
    severity = Severity.MEDIUM
    tags = ("tls",)

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at every service that uses TLS, once a place."""
        groups: dict[tuple[str, Origin], list[TlsUse]] = {}
        for use in postfix.tls_uses:
            parameter = use.get("protocols")
            groups.setdefault((parameter.name, parameter.origin), []).append(use)
        for uses in groups.values():
            use, parameter = uses[0], uses[0].get("protocols")
            old = postfix.policy.too_old(use.protocols)
            spoken = [one for one in old if postfix.openssl.speaks(one, use.level)]
            if not spoken:
                continue
            severity = Severity.LOW if parameter.origin.span is None else Severity.MEDIUM
            if not use.is_mandatory and not {"SSLv2", "SSLv3"} & {*spoken}:
                severity = Severity.INFO
            services = services_named(one.reader for one in uses)
            yield self.finding(
                parameter.origin,
                f"{services} may use {named(spoken)}: {parameter.name} is {parameter.shown or 'empty'}",
                because=postfix.unset(parameter),
                advice=f"allow {postfix.policy.minimum_protocol} and later only, as {postfix.policy.cited} asks",
                severity=severity,
                fix=recent_protocols(postfix, parameter) if use.is_mandatory else None,
                confidence=Confidence.HIGH if postfix.openssl.version else Confidence.MEDIUM,
            )
