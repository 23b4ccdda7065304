"""Logins without a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import all_of
from auditor.model.postfix_fixes import with_word
from auditor.model.smtpd import named
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.change import Fix
    from auditor.finding import Finding
    from auditor.model import AuditedHost
    from auditor.model.smtpd import SmtpdService


class SmtpdSaslAnonymous(HostRule):
    """Postfix lets clients log in as nobody.

    What: smtpd_sasl_security_options, or smtpd_sasl_tls_security_options where TLS is mandatory, lacks noanonymous, and
    Dovecot, which authenticates Postfix's clients, offers the mechanism ANONYMOUS.

    Why it matters: everybody logs in. Postfix does not count such a client as authenticated for
    permit_sasl_authenticated, but as having logged in everywhere else, and restrictions by login name miss it.

    How to mend it: write `noanonymous` into the parameter, as the default has it, or take ANONYMOUS out of Dovecot's
    auth_mechanisms.

    When to ignore it: never.

    Sources: postconf(5), smtpd_sasl_security_options ("noanonymous"); SASL_README.
    """

    name = "smtpd-sasl-anonymous"
    severity = Severity.MEDIUM

    def check(self, host: AuditedHost) -> Iterator[Finding]:
        """Look at every Postfix that asks a Dovecot on the same host."""
        offers = [dovecot.mechanisms["anonymous"] for dovecot in host.dovecot if "anonymous" in dovecot.mechanisms]
        for postfix in host.postfix if offers else ():
            services = (one for one in postfix.smtpd_services if one.asks_dovecot)
            lacking = [one for one in services if "noanonymous" not in one.sasl_options.effective.lower()]
            if lacking:
                options = lacking[0].sasl_options
                yield self.finding(
                    options.origin,
                    f"clients may log in as nobody at {named(lacking)}: {options.name} lacks noanonymous",
                    because=[(offers[0].origin, "Dovecot offers ANONYMOUS")],
                    advice="write noanonymous into the parameter",
                    fix=all_of(*(_fix(one) for one in lacking)),
                )


def _fix(service: SmtpdService) -> Fix | None:
    # The options under TLS are by default those without.
    options = service.sasl_options if service.sasl_options.assignment else service.get("smtpd_sasl_security_options")
    return with_word(options, "noanonymous", service.postfix)
