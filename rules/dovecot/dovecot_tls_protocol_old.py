"""Protocol versions before TLS 1.2 for clients that log in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Confidence, Severity
from auditor.model.fixes import setting_to
from auditor.model.tls_strength import allowed_protocols, named
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Dovecot


class DovecotTlsProtocolOld(DovecotRule):
    """Clients may log in over a version of TLS that is no longer safe.

    What: `ssl_min_protocol`, or `ssl_protocols` of Dovecot 2.2, allows versions that the policy does not take: before
    TLS 1.2 in all of them. The default of 2.2 and of 2.3 up to 2.3.14 is TLSv1.

    Why it matters: these versions rest on SHA1 and MD5 and on modes of ciphers with known attacks, SSLv3 can be read by
    who sits between (high). Whoever does can make a client that still knows them fall back.

    How to mend it: write `ssl_min_protocol = TLSv1.2`; the default has been that since 2.3.15.

    When to ignore it: clients of before 2013 must be served. OpenSSL 3 refuses these versions whatever Dovecot allows,
    as long as its security level is not 0: then it is low.

    Sources: RFC 8996 and 8997; Dovecot manual, ssl_min_protocol; src/lib-ssl-iostream/iostream-openssl-common.c;
    NEWS.md of OpenSSL, 3.0; tried on Dovecot 2.3.19 and 2.4.1: with `@SECLEVEL=0` a client of TLS 1.1 is served.
    """

    name = "dovecot-tls-protocol-old"
    severity = Severity.HIGH
    tags = ("tls",)

    def check(self, dovecot: Dovecot) -> Iterator[Finding]:
        """Look at the settings that decide where TLS is on."""
        openssl, policy = dovecot.openssl, dovecot.policy
        for setting, where in dovecot.tls_settings("protocols").items():
            old = policy.too_old(allowed_protocols(setting))
            spoken = [one for one in old if openssl.speaks(one, dovecot.security_level)]
            if not old:
                continue
            message = f"clients may use {named(spoken or old)}{where}: {dovecot.shown(setting)}"
            severity = Severity.HIGH if {"SSLv2", "SSLv3"} & {*spoken} else Severity.MEDIUM
            if not spoken:
                message += f"; {openssl.name} refuses that as long as its security level is not 0"
                severity = Severity.LOW
            yield self.finding(
                setting.origin,
                message,
                advice=f"write {policy.minimum_protocol} as the lowest, as {policy.cited} asks",
                severity=severity,
                confidence=Confidence.HIGH if openssl.version else Confidence.MEDIUM,
                subject=setting.name,
                fix=setting_to(dovecot, setting, policy.minimum_protocol),
            )
