"""Diffie-Hellman parameters that are too short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Confidence, Severity
from auditor.host import Unreadable
from auditor.model.dovecot_fixes import without_short_dh
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Dovecot

DEMANDED_FROM: Final = (2, 3, 0)
OPTIONAL_FROM: Final = (2, 3, 3)


class DhParameters(DovecotRule):
    """The Diffie-Hellman parameters are shorter than the policy asks, or missing where they are demanded.

    What: the file of `ssl_dh` (2.4: `ssl_server_dh_file`) holds a prime with fewer bits than the policy takes, or no
    parameters, or `ssl_dh_parameters_length` of Dovecot 2.2, by default 1024, says so. Or there is no `ssl_dh`, and
    Dovecot 2.3.0 to 2.3.2 demand one.

    Why it matters: an exchange over a short prime that many servers share can be broken by who has the means (Logjam).
    OpenSSL at security level 2, Debian's default, refuses primes of fewer than 2048 bits: then nobody gets TLS. Before
    2.3.3 the settings are refused without any, unless a ssl-parameters.dat of 2.2 is left to take them from.

    How to mend it: take the line out: since 2.3.3 Dovecot goes without DHE then, and ECDHE needs no file. Or write one
    of the known groups into the file: `openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe3072`.

    When to ignore it: never; a longer file is made in a moment.

    Sources: Dovecot wiki, SSL/DovecotConfiguration, "SSL DH parameters"; Dovecot manual, ssl_server_dh_file; RFC 9325,
    4.4; RFC 7919; src/lib-master/master-service-ssl-settings.c of 2.3.2 and 2.3.3; tried on Dovecot 2.3.19 and 2.4.1
    with OpenSSL 3.0 and 3.5.
    """

    name = "dh-parameters"
    severity = Severity.MEDIUM
    tags = ("tls",)

    def check(self, dovecot: Dovecot) -> Iterator[Finding | NotChecked]:
        """Look at the files, or at the length that 2.2 makes, where TLS is on."""
        policy = dovecot.policy
        for setting, where in dovecot.tls_settings("dh", "dh_length").items():
            bits = dovecot.dh_bits(setting)
            if isinstance(bits, Unreadable):
                yield self.not_checked(f"{bits.path} ({setting.name} at {setting.origin})", bits.why)
            elif bits is None and not setting.value and DEMANDED_FROM <= dovecot.version_numbers < OPTIONAL_FROM:
                yield self.finding(
                    setting.origin,
                    f"Dovecot {dovecot.version} refuses TLS without `{setting.name}`{where}",
                    advice="name a file, or upgrade to 2.3.3 or later, which goes without",
                    severity=Severity.HIGH,
                    confidence=Confidence.MEDIUM,
                    subject=setting.name,
                )
            elif bits is not None and bits < policy.dh_bits:
                has = f"have {bits} bits" if bits else "are missing in the file"
                yield self.finding(
                    setting.origin,
                    f"the Diffie-Hellman parameters {has}{where}: {dovecot.shown(setting)}",
                    fix=without_short_dh(dovecot, setting),
                    advice=f"take the line out, or use {policy.dh_bits} bits, as {policy.cited} asks",
                    subject=setting.name,
                )
