"""One door that is weaker than the others."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from auditor.access.addresses import INTERNET
from auditor.access.clear import REUSABLE
from auditor.finding import Severity
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.rows import Row
    from auditor.access.table import Access
    from auditor.finding import Finding


class WeakestListener(AccessRule):
    """The same users get in without TLS by one service, and with TLS only by another.

    What: a password of the same users is taken without TLS from the Internet by one service (a protocol of Dovecot, a
    service of Postfix), and by another only with TLS.

    Why it matters: the password that one service protects passes in clear at the other; whoever overhears it there uses
    it here.

    How to mend it: demand TLS of every service that takes this password.

    When to ignore it: never; the rule for the weaker service says how to mend that one.

    Sources: RFC 8314, 4.1; Dovecot wiki, SSL/DovecotConfiguration; tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "weakest-listener"
    severity = Severity.MEDIUM
    tags = ("tls", "access")

    def check(self, access: Access) -> Iterator[Finding]:
        """Yield the services that take in clear what others protect."""
        for users, rows in self._by_users(access).items():
            weak = {row.listener.service: row for row in rows if not row.tls}
            strong = {row.listener.service: row for row in rows if row.listener.service not in weak}
            if weak and strong:
                row, other = next(iter(weak.values())), next(iter(strong.values()))
                yield self.finding(
                    row.listener.origin,
                    f"{row.listener.label} takes the password of {users} without TLS, {other.listener.label} does not",
                    because=[*row.because, (other.listener.origin, f"{other.listener.label} demands TLS")],
                    advice="demand TLS here, too",
                    subject=f"{row.listener.label} {users}",
                )

    def _by_users(self, access: Access) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for row in access.rows:
            if row.is_login and row.secret in REUSABLE and row.source.addresses & INTERNET:
                found[row.users].append(row)
        return found
