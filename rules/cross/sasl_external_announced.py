"""A mechanism that Postfix announces and cannot do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import all_of, parameter_to
from auditor.model.smtpd import said_of
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import AuditedHost


class SaslExternalAnnounced(HostRule):
    """Postfix announces EXTERNAL, and no login by it succeeds.

    What: Dovecot, which authenticates Postfix's clients, offers the mechanism EXTERNAL, and Postfix passes it on:
    smtpd_sasl_mechanism_filter is not `!external, …`, its default, or the version is before 3.6 and has no filter.

    Why it matters: mail programs that have a certificate choose EXTERNAL, and their login fails: Postfix does not tell
    Dovecot about certificates.

    How to mend it: write `smtpd_sasl_mechanism_filter = !external, static:rest`; before 3.6, keep external out of
    Dovecot's auth_mechanisms, or put Postfix's auth socket on a Dovecot without it.

    When to ignore it: no user's mail program has a client certificate.

    Sources: postconf(5), smtpd_sasl_mechanism_filter (Postfix 3.6 and later); xsasl_dovecot_server.c,
    xsasl_dovecot_server_mech_filter.
    """

    name = "sasl-external-announced"
    severity = Severity.LOW

    def check(self, host: AuditedHost) -> Iterator[Finding]:
        """Look at every Postfix that asks a Dovecot on the same host."""
        offers = [dovecot.mechanisms["external"] for dovecot in host.dovecot if "external" in dovecot.mechanisms]
        for postfix in host.postfix if offers else ():
            services = [one for one in postfix.smtpd_services if one.asks_dovecot]
            passing = [one for one in services if "external" not in one.get(FILTER).effective.lower()]
            if passing:
                parameter = passing[0].get(FILTER)
                fix = all_of(*(parameter_to(postfix, one.get(FILTER), "!external, static:rest") for one in passing))
                yield self.finding(
                    parameter.origin,
                    f"{said_of(passing, 'announces', 'announce')} EXTERNAL, and no login by it succeeds",
                    because=[(offers[0].origin, "Dovecot offers it"), *postfix.unset(parameter)],
                    advice=f"write `{FILTER} = !external, static:rest`, from Postfix 3.6 on",
                    fix=fix if postfix.version_numbers >= (3, 6) else None,
                )


FILTER = "smtpd_sasl_mechanism_filter"
