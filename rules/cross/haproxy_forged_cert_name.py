"""Certificate names that anybody may claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class HaproxyForgedCertName(DovecotAccessRule):
    """Whoever may speak the PROXY protocol logs in as anybody, without a certificate.

    What: a listener has `haproxy = yes`, `haproxy_trusted_networks` holds more than single hosts, certificate logins
    take their user from the certificate (`auth_ssl_username_from_cert`), and EXTERNAL lets users in.

    Why it matters: the header of the PROXY protocol carries the certificate's common name, and Dovecot believes it.
    Every host in those networks opens every mailbox that certificates open, with neither certificate nor key. Since
    2.4.4 even `auth_ssl_require_client_cert` believes it.

    How to mend it: list in `haproxy_trusted_networks` the proxies alone, each by its address; take `haproxy = yes` from
    listeners that no proxy uses.

    When to ignore it: nothing but the proxies is in those networks.

    Sources: src/lib-master/master-service-haproxy.c, PP2_SUBTYPE_SSL_CN; get_cert_username in
    src/login-common/sasl-server.c; tried on Dovecot 2.3.19.1 and 2.4.5. 2.4.0 and 2.4.1 read the name
    from freed memory, so that it works at times.
    """

    name = "haproxy-forged-cert-name"
    severity = Severity.CRITICAL
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield the networks whose hosts may claim a certificate's name."""
        proxies = access.proxies
        rows = [row for row in access.rows if row.listener.proxied and "EXTERNAL" in row.mechanisms]
        forged = [row for row in rows if not row.needs_certificate]
        if proxies is not None and forged and not proxies.are_few:
            yield self.finding(
                proxies.origin,
                f"every host in {proxies.networks} logs in as {forged[0].users} without a certificate: it may"
                " claim one by the PROXY protocol",
                because=[(row.listener.origin, "takes the PROXY protocol") for row in forged[:1]],
                advice="list the proxies alone, each by its address",
                severity=None if proxies.on_internet else Severity.HIGH,
                subject="haproxy_trusted_networks",
            )
