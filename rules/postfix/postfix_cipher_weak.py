"""Ciphers that do not protect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import parameter_to, without
from auditor.model.tls_strength import fault, named
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Postfix
    from auditor.model.postfix_tls import TlsUse


class PostfixCipherWeak(PostfixRule):
    """Postfix uses ciphers that do not protect.

    What: the list of the grade in smtpd_tls_ciphers, smtpd_tls_mandatory_ciphers or those of smtp, without what is
    excluded, has ciphers without encryption or with too few bits; or OpenSSL refuses it; or tls_high_cipherlist or
    tls_medium_cipherlist is changed (info). Ciphers without authentication are no fault: Postfix takes them where
    nobody looks at certificates.

    Why it matters: what looks like TLS can be read by who listens. With a list that OpenSSL refuses TLS fails. A list
    of one's own misses what later versions of Postfix leave out.

    How to mend it: write `medium` or `high` for the grade and take the lines with lists out.

    When to ignore it: a policy that you must meet names the ciphers.

    Sources: postconf(5), smtpd_tls_mandatory_ciphers and tls_medium_cipherlist ("strongly encouraged to not change");
    tls_misc.c, tls_set_ciphers; tried on Postfix 3.7.11 and 3.10.13: with the grade null a client gets a session
    without encryption.
    """

    name = "postfix-cipher-weak"
    severity = Severity.HIGH
    tags = ("tls",)

    def check(self, postfix: Postfix) -> Iterator[Finding | NotChecked]:
        """Look at every service that uses TLS, and say each thing once."""
        said: set[str] = set()
        for use in postfix.tls_uses:
            for result in self._of(use, postfix):
                key = str(result)
                if key not in said:
                    said.add(key)
                    yield result

    def _of(self, use: TlsUse, postfix: Postfix) -> Iterator[Finding | NotChecked]:
        grade, names = use.get("ciphers"), use.cipher_list
        if names is None:
            return
        ciphers = use.ciphers(postfix.openssl)
        if ciphers is None:
            yield self.not_checked(f"{names.name} at {names.origin}", "it cannot be expanded")
            return
        broken = [one for one in ciphers.broken if one.authentication != "None" or one.encryption == "None"]
        because = [(names.origin, f"the ciphers of the grade {grade.shown}")]
        fix = without(names.origin, names.name) or parameter_to(postfix, grade, "medium")
        fix = fix and fix.unsafe()
        advice = "write `medium` or `high`, and take lists of your own out"
        if ciphers.known is None:
            message = f"{postfix.openssl.name} refuses the ciphers of the grade {grade.shown}, and TLS fails"
            yield self.finding(grade.origin, message, because=because, advice=advice, fix=fix)
        elif broken:
            message = f"{use.side} may use ciphers with {fault(broken[0])}: {named(one.name for one in broken)}"
            severity = Severity.HIGH if use.is_mandatory else Severity.MEDIUM
            yield self.finding(grade.origin, message, because=because, advice=advice, severity=severity, fix=fix)
        elif names.origin.span and names.name in ("tls_high_cipherlist", "tls_medium_cipherlist"):
            message = f"{names.name} is a list of your own, which later versions of Postfix do not keep safe"
            yield self.finding(names.origin, message, advice=advice, severity=Severity.INFO, fix=fix)
