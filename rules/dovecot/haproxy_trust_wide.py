"""Proxies that may be anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class HaproxyTrustWide(DovecotAccessRule):
    """Hosts of the Internet may say that they are somebody else's proxy.

    What: a listener has `haproxy = yes`, and `haproxy_trusted_networks` holds public addresses, more than 256 of them.

    Why it matters: every host there says in the PROXY protocol from which address its client comes and that it has TLS:
    `allow_nets`, penalties and logs believe it, and passwords pass in clear.

    How to mend it: list the proxies alone, each by its address.

    When to ignore it: never; `haproxy-forged-cert-name` says what is worse, where it is.

    Sources: Dovecot manual, core/config/ssl ("Secured Connections"), haproxy_trusted_networks; client_create in
    src/login-common/client-common.c; tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "haproxy-trust-wide"
    severity = Severity.MEDIUM
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield the networks of proxies that hold a part of the Internet."""
        proxies = access.proxies
        if proxies is not None and proxies.on_internet:
            yield self.finding(
                proxies.origin,
                f"every host in {proxies.networks} may claim any client's address, and that it has TLS",
                because=[(listener.origin, "takes the PROXY protocol") for listener in proxies.listeners],
                advice="list the proxies alone, each by its address",
                subject="haproxy_trusted_networks",
            )
