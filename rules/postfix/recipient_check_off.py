"""Mail for users that do not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix
    from auditor.model.smtpd import SmtpdService

VERIFYING = frozenset({"reject_unverified_recipient", "reject_unlisted_recipient"})


class RecipientCheckOff(PostfixRule):
    """Mail for users that do not exist is taken, and bounces.

    What: local_recipient_maps is set to nothing; or relay_domains names domains that mydestination and the virtual
    domains do not, relay_recipient_maps is not set, and no reject_unverified_recipient asks the server behind.

    Why it matters: spam with forged senders is taken and bounced to those who never wrote it. Their servers then list
    this one.

    How to mend it: take `local_recipient_maps =` out; list the users of relay_domains in relay_recipient_maps.

    When to ignore it: the server behind takes every address.

    Sources: LOCAL_RECIPIENT_README; BACKSCATTER_README; ADDRESS_CLASS_README; postconf(5), relay_recipient_maps;
    trivial-rewrite/resolve.c, resolve_addr: local and virtual domains come before relay_domains.
    """

    name = "recipient-check-off"
    severity = Severity.MEDIUM

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the tables of users, where mail comes from elsewhere."""
        services = [one for one in postfix.smtpd_services if one.takes_mail_from_internet]
        names = (one.name.lower() for service in services for one in service.restrictions(RECIPIENT))
        if not services or VERIFYING.intersection(names):
            return
        local, domains = services[0].get("local_recipient_maps"), services[0].get("relay_domains")
        if local.origin.span and not local.effective.strip():
            message = "mail for local users that do not exist is taken: local_recipient_maps is empty"
            yield self.finding(local.origin, message, advice="take the line out")
        recipients = services[0].get("relay_recipient_maps")
        if domains.origin.span and _relays_more(services[0]) and not recipients.effective.strip():
            yield self.finding(
                domains.origin,
                "mail for users of relay_domains that do not exist is taken: relay_recipient_maps is empty",
                because=postfix.unset(recipients),
                advice="list the users in relay_recipient_maps, or use reject_unverified_recipient",
            )


RECIPIENT = "smtpd_recipient_restrictions"
OWN: Final = ("mydestination", "virtual_alias_domains", "virtual_mailbox_domains")
"""Where a domain stands for which Postfix looks up the users itself, whatever relay_domains says."""


def _relays_more(service: SmtpdService) -> bool:
    own = {word for name in OWN for word in _domains(service, name)}
    return not own.issuperset(_domains(service, "relay_domains"))


def _domains(service: SmtpdService, name: str) -> list[str]:
    return service.get(name).effective.lower().replace(",", " ").split()
