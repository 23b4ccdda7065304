"""CAs and CRLs in another order than the documented one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.pem_fixes import documented_order
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class CrlOrderUnconventional(HostRule):
    """CAs and CRLs stand in another order than the one that Dovecot documents.

    What: the documented order is: the issuing CA, its CRL, the next CA, its CRL, and so on up to the root.

    Why it matters: not for the daemons: Dovecot 2.3.19.1, 2.4.1 and 2.4.5 were tried with other orders and do not
    mind, because OpenSSL puts everything into one store. It helps whoever reads or rebuilds the file, and keeps a
    missing CRL from being overlooked.

    How to mend it: rebuild the file in the documented order.

    When to ignore it: whenever something else builds the file and the order is of no interest.

    Sources: Dovecot wiki, SSL/DovecotConfiguration ("the order is important"); tried on Dovecot 2.3.19.1, 2.4.1 and
    2.4.5, which do not mind.
    """

    name = "crl-order-unconventional"
    severity = Severity.LOW
    tags = ("crl",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the files whose order is not the documented one."""
        yield from self.unread(host.unread_client_trusts)
        for trust, use in host.crl_files:
            if faults := trust.file.out_of_order:
                yield self.finding(
                    use.file.origin,
                    f"{trust.path} is not in the documented order (CA, its CRL, next CA …); the daemons do not mind",
                    because=[(trust.line_of(part), why) for part, why in faults],
                    advice="rebuild it in the documented order; Dovecot 2.3.19.1, 2.4.1 and 2.4.5 work with any",
                    subject=trust.name,
                    fix=documented_order(trust),
                )
