"""Defaults of twenty years ago."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.model.fixes import parameter_to
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix

OLD: Final = {
    "relay_domains": ("mydestination", "mail for the subdomains of mydestination is relayed"),
    "smtpd_tls_fingerprint_digest": ("relay_clientcerts", "MD5 sums in relay_clientcerts decide who relays"),
}
"""Parameters with an old default that is less safe, the one that makes it matter, and what follows.

mynetworks_style has a rule of its own.
"""


class CompatibilityLevelLow(PostfixRule):
    """Postfix keeps old defaults that are less safe.

    What: compatibility_level is low, 0 by default, and for that reason relay_domains is $mydestination (below 2), or
    certificates in relay_clientcerts are known by MD5 sums (below 3.6).

    Why it matters: these defaults were changed because they let in more than one thinks: mail for every name below a
    domain in mydestination is passed on, and a second certificate with the same MD5 sum can be made.

    How to mend it: set the parameters to what you want, then `compatibility_level = 3.6`, and `postfix reload`.

    When to ignore it: you know the old defaults and want them.

    Sources: COMPATIBILITY_README; postconf(5), compatibility_level, relay_domains and smtpd_tls_fingerprint_digest.
    """

    name = "compatibility-level-low"
    severity = Severity.LOW

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the defaults that the level decides, where they matter."""
        level = postfix.configuration.get("compatibility_level")
        for name, (matters, effect) in OLD.items():
            parameter, user = postfix.configuration.get(name), postfix.configuration.get(matters)
            by_level = any(used == level.name for used, _ in parameter.because)
            if parameter.origin.span or not by_level or not user.effective.strip():
                continue
            if parameter.effective in (user.effective, "md5"):
                fix = parameter_to(postfix, parameter, "") if name == "relay_domains" else None
                yield self.finding(
                    level.origin,
                    f"{effect}: an old default of {name}, which compatibility_level = {level.shown} keeps",
                    because=[(user.origin, f"{user.name} = {user.shown}"), *postfix.unset(parameter, level)],
                    advice=f"set {name} to what you want, and raise compatibility_level",
                    subject=name,
                    fix=fix and fix.unsafe(),
                )
