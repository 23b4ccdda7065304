"""Passwords are taken in clear text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.access.addresses import EVERYWHERE
from auditor.access.dovecot_listeners import reachable_from
from auditor.finding import Confidence, Severity
from auditor.model.fixes import all_of, parameter_to
from auditor.model.smtpd import confidence_in, grouped, lack_of_tls
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.table import Access
    from auditor.finding import Finding

AUTH_ONLY: Final = "smtpd_tls_auth_only"
KNOWN_PORTS: Final = frozenset({25, 465, 587})
"""Ports that mail programs use; whether another one is open to them a firewall or a container decides."""


class AuthBeforeTls(AccessRule):
    """A service takes passwords without TLS.

    What: smtpd_sasl_auth_enable is on for a service where TLS is not mandatory, smtpd_tls_auth_only is off, and a
    mechanism that sends the password itself is offered: smtpd_sasl_security_options has no `noplaintext`.

    Why it matters: mail programs that do not insist on TLS send the password in clear text, and so does everyone
    whose STARTTLS is stripped on the way. Whoever reads it relays mail and reads the mailbox.

    How to mend it: write `smtpd_tls_auth_only = yes` in main.cf.

    When to ignore it: the service is reached over a private network alone (it is a medium finding then).
    On a port other than 25, 465 and 587 a firewall may see to that, and the confidence is medium.

    Sources: postconf(5), smtpd_tls_auth_only and smtpd_sasl_security_options; RFC 8314, 3.3; SASL_README; tried on
    Postfix 3.7.11 and 3.10.13: AUTH PLAIN succeeds in clear text.
    """

    name = "auth-before-tls"
    severity = Severity.CRITICAL
    product = "postfix"

    def check(self, access: Access) -> Iterator[Finding]:
        """Look at what is offered before TLS."""
        offering = [
            ways
            for ways in access.smtpd
            if not ways.service.only_on_loopback
            and False in ways.tls_states
            and any(login.is_plaintext and not login.secret.is_open for login in ways.sasl.offer(tls=False).logins)
        ]
        public = {ways.service for ways in offering if reachable_from(ways.listener) == EVERYWHERE}
        services = [ways.service for ways in offering]
        for origin, group in grouped(services, lambda one: one.get("smtpd_sasl_auth_enable").origin).items():
            only = group[0].get(AUTH_ONLY)
            yield self.finding(
                origin,
                f"{lack_of_tls(group)}, and passwords are taken in clear text",
                because=[(only.origin, f"{AUTH_ONLY} = no"), *group[0].tls_settings],
                advice=f"write `{AUTH_ONLY} = yes`{'' if only.origin.span else ' in main.cf'}",
                severity=Severity.CRITICAL if public.intersection(group) else Severity.MEDIUM,
                fix=all_of(*(parameter_to(one.postfix, one.get(AUTH_ONLY), "yes") for one in group)),
                confidence=confidence_in(group) if any(one.port in KNOWN_PORTS for one in group) else Confidence.MEDIUM,
            )
