"""Mail is relayed for whoever logs in without a password."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from auditor.access.open_passdb import Hole
from auditor.access.postfix_session import Destination
from auditor.finding import Severity
from auditor.model.smtpd import named
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.logins import Login
    from auditor.access.table import Access
    from auditor.finding import Finding, NotChecked
    from auditor.model.smtpd import SmtpdService


class PasswordlessSmtpRelay(AccessRule):
    """Mail is relayed for whoever logs in without a password.

    What: a passdb of Dovecot lets users in with any password or an empty one, Postfix asks this Dovecot for its SASL
    logins, and an smtpd service relays for whoever is logged in.

    Why it matters: whoever knows or guesses a user name sends spam through the server to anywhere. Bots try user names
    on every submission port all day.

    How to mend it: keep password mechanisms away from that passdb: `mechanisms = external` in 2.3, `mechanisms_filter =
    external` in 2.4, where it is for client certificates; or give its users passwords.

    When to ignore it: never; a relay for strangers is found within hours.

    Sources: xsasl_dovecot_server.c of Postfix; tried on Dovecot 2.3.19 with Postfix 3.7.11: AUTH PLAIN with an empty
    password is answered 235, and the foreign recipient 250.
    """

    name = "passwordless-smtp-relay"
    severity = Severity.CRITICAL

    def check(self, access: Access) -> Iterator[Finding | NotChecked]:
        """Look at the logins that relay at each service."""
        relaying: dict[tuple[object, ...], list[tuple[Login, SmtpdService]]] = defaultdict(list)
        for service in access.smtpd:
            for way in service.ways:
                if way.destination is not Destination.FOREIGN or way.principal.user is None or way.outcome.relied_on:
                    continue
                for login in service.sasl.offer(tls=way.principal.tls).logins:
                    if login.secret.is_open and way.addresses & login.networks:
                        key = (login.secret, login.users, login.unknown)
                        relaying[key].append((login, service.service))
        for group in relaying.values():
            login, services = group[0][0], [service for _, service in group]
            if login.unknown:
                for missing in login.unknown:
                    yield self.not_checked(missing.what, missing.why)
                continue
            place, _ = login.because[0]
            holes = (one for dovecot in access.dovecot for hole in Hole for one in dovecot.open_passdbs.of(hole))
            permits = services[0].get("smtpd_sasl_auth_enable")
            yield self.finding(
                place,
                f"whoever logs in as {login.users} with {login.secret.value} relays mail through {named(services)}",
                because=[*login.because[1:], (permits.origin, "clients log in here")],
                advice="keep password mechanisms away from this passdb, or give its users passwords",
                subject=login.users,
                fix=next((one.fix for one in holes if one.passdb is login.passdb), None),
            )
