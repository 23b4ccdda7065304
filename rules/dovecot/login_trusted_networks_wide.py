"""Trusted networks that take in the Internet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.access.addresses import INTERNET
from auditor.finding import Severity
from auditor.model.fixes import without
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


MANY = 1 << 16
"""Public addresses, as many as a /16 network of IPv4 has, that no one operator trusts one by one."""


class LoginTrustedNetworksWide(DovecotAccessRule):
    """Hosts of the Internet count as trusted for logins.

    What: `login_trusted_networks` holds public addresses, more than one site has: everything (`0.0.0.0/0`, `::/0`), or
    a network wider than a /16.

    Why it matters: connections from there count as secured, so that passwords pass without TLS (in 2.3 even with `ssl =
    required`). And such a client says by the ID command or XCLIENT from which address it comes: `allow_nets`, penalties
    and logs believe it.

    How to mend it: list the webmail servers and proxies that forward clients, each by its own address.

    When to ignore it: never; private networks, such as those of containers, are not spoken of.

    Sources: Dovecot manual, login_trusted_networks, and Upgrading 2.3 to 2.4 (changed settings); client_is_trusted in
    src/login-common/client-common.c; tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "login-trusted-networks-wide"
    severity = Severity.HIGH
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield the settings that trust a good part of the Internet."""
        for setting, networks in access.trusted_networks.items():
            if (networks & INTERNET).size >= MANY:
                fix = without(setting.origin, setting.name)
                yield self.finding(
                    setting.origin,
                    f"clients from {networks} count as trusted: their passwords pass without TLS, and they say"
                    " themselves which address they have",
                    advice="list the addresses of the proxies and webmail servers that forward clients",
                    subject=setting.name,
                    fix=fix.unsafe() if fix else None,
                )
