"""Relaying for everybody who says so in the DNS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.postfix_fixes import replaced
from auditor.model.smtpd import said_of
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix
    from auditor.model.smtpd import SmtpdService
    from auditor.text import Origin


class PermitMxBackupOrRelayDomains(PostfixRule):
    """Mail is relayed for every domain whose MX record names this host.

    What: permit_mx_backup stands in a restriction list.

    Why it matters: the owner of any domain makes this host his backup server by a DNS record, and fills its queue with
    mail that it cannot deliver and bounces to forged senders. permit_mx_backup_networks limits that, where it is set.

    How to mend it: name the domains in relay_domains, their recipients in relay_recipient_maps, and take it out.

    When to ignore it: permit_mx_backup_networks names your own networks.

    Sources: postconf(5), permit_mx_backup; DEPRECATION_README (deprecated as of Postfix 3.9).
    """

    name = "permit-mx-backup-or-relay-domains"
    severity = Severity.MEDIUM

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the lists that decide about recipients."""
        found: dict[Origin, list[SmtpdService]] = {}
        for service in postfix.smtpd_services:
            if service.get("permit_mx_backup_networks").effective.strip():
                continue
            for name in ("smtpd_relay_restrictions", "smtpd_recipient_restrictions"):
                for one in service.restrictions(name):
                    if one.name.lower() == "permit_mx_backup":
                        found.setdefault(one.origin, []).append(service)
        for origin, services in found.items():
            fix = replaced(origin.span)
            yield self.finding(
                origin,
                f"{said_of(services, 'relays', 'relay')} for every domain whose MX record names this host",
                advice="name the domains in relay_domains, and take permit_mx_backup out",
                fix=fix and fix.unsafe(),
            )
