"""Mail from strangers on the ports for users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.access.addresses import INTERNET
from auditor.access.postfix_session import Destination
from auditor.finding import Severity
from auditor.model.fixes import option_to, with_word_at_end
from auditor.model.postfix_fixes import users_let_past
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.table import Access
    from auditor.change import Fix
    from auditor.finding import Finding
    from auditor.model.smtpd import SmtpdService

SUBMISSION: Final = (465, 587)
CLIENTS: Final = "smtpd_client_restrictions"


class SubmissionOpenToAnonymous(AccessRule):
    """Strangers may hand in mail for this host's users on the ports for those users.

    What: an smtpd service on port 587 or 465 takes mail for the domains of this host from anybody on the Internet,
    without a login and without a certificate.

    Why it matters: what guards port 25 alone, such as postscreen, does not see this mail, and what is done for users,
    such as signing or taking names out of headers, may be done for strangers.

    How to mend it: `-o smtpd_client_restrictions=permit_sasl_authenticated,reject` for the service in master.cf, with
    permit_mynetworks or permit_tls_clientcerts in it where they are needed.

    When to ignore it: the service has all that port 25 has, and treats no mail as that of a user.

    Sources: master.cf of Postfix, submission; RFC 6409, 4.3; SMTPD_ACCESS_README.
    """

    name = "submission-open-to-anonymous"
    severity = Severity.INFO
    product = "postfix"
    tags = ("access",)

    def check(self, access: Access) -> Iterator[Finding]:
        """Look at the services on the ports for users."""
        for smtpd in (one for one in access.smtpd if one.listener.port in SUBMISSION):
            local = (way for way in smtpd.ways if way.destination is Destination.LOCAL and way.addresses & INTERNET)
            # mynetworks that reach too far are the business of another rule.
            if any(way.is_anonymous and way.is_certain and not way.by_mynetworks for way in local):
                yield self.finding(
                    smtpd.listener.origin,
                    f"anybody may hand in mail for users of this host at {smtpd.listener.label}, the port for users",
                    advice="give `-o smtpd_client_restrictions=permit_sasl_authenticated,reject` to the service",
                    subject=smtpd.listener.label,
                    fix=_fix(smtpd.service),
                )


def _fix(service: SmtpdService) -> Fix | None:
    """Refuse all others behind those for whom the service relays; what main.cf says of clients holds no more then."""
    own = service.service.options.get(CLIENTS) if service.service else None
    if own:
        return with_word_at_end(service.get(CLIENTS), "reject")
    fix = option_to(service, CLIENTS, ",".join((*users_let_past(service), "reject")))
    return fix.unsafe() if fix and service.get(CLIENTS).effective.strip() else fix
