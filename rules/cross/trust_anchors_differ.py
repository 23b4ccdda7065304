"""Two products that trust different CAs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class TrustAnchorsDiffer(HostRule):
    """Dovecot and Postfix trust client certificates of different CAs.

    What: both ask clients for certificates that decide something, and the CA certificates in Dovecot's file are not
    those in Postfix's.

    Why it matters: a certificate is good for reading mail and not for sending it, or the other way round. Where one is
    an older copy of the other, a CA that was taken out goes on working there.

    How to mend it: let both name one file.

    When to ignore it: two groups of users have CAs of their own on purpose.

    Sources: Dovecot manual, ssl_ca; postconf(5), smtpd_tls_CAfile.
    """

    name = "trust-anchors-differ"
    severity = Severity.MEDIUM
    tags = ("pki",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Compare the CAs that decide in Dovecot with those that decide in Postfix."""
        yield from self.unread((use, why) for use, why in host.unread_client_trusts if use.asks and use.counts)
        ours, theirs = host.deciding_anchors("dovecot"), host.deciding_anchors("postfix")
        if not ours or not theirs or ours.keys() == theirs.keys():
            return
        lone = [one for key, one in {**ours, **theirs}.items() if not (key in ours and key in theirs)]
        place, other = next(iter(theirs.values())), next(iter(ours.values()))
        names = ", ".join(dict.fromkeys(anchor.subject for anchor in lone[:3]))
        yield self.finding(
            place.use.origin,
            f"Dovecot and Postfix trust client certificates of different CAs: only one of them trusts {names}",
            because=[(other.use.origin, "the CAs that Dovecot trusts")],
            advice="let both name one file",
            subject="CAs of clients",
        )
