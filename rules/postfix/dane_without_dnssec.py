"""DANE without DNSSEC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import all_of, parameter_to
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix


class DaneWithoutDnssec(PostfixRule):
    """The SMTP client is to use DANE, and does not ask for DNSSEC.

    What: smtp_tls_security_level is `dane` or `dane-only`, and smtp_dns_support_level is not `dnssec`, or
    smtp_host_lookup does not begin with `dns`.

    Why it matters: without DNSSEC no TLSA record counts. `dane` becomes `may`, without a word but a warning in the log:
    mail that should be safe from a server in between is not. With `dane-only` nothing is delivered.

    How to mend it: write `smtp_dns_support_level = dnssec`, and have a resolver on the host that validates.

    When to ignore it: never; the level does not do what it says.

    Sources: postconf(5), smtp_tls_security_level and smtp_dns_support_level; RFC 7672; TLS_README, "DANE TLS
    authentication"; smtp_tls_policy.c (dane_init: "DNSSEC required").
    """

    name = "dane-without-dnssec"
    severity = Severity.MEDIUM
    tags = ("tls",)

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the client that mail leaves by."""
        client = postfix.smtp_client
        if client is None or client.tls_level not in ("dane", "dane-only"):
            return
        support, lookup = client.get("smtp_dns_support_level"), client.get("smtp_host_lookup")
        wrong = [] if support.effective.lower() == "dnssec" else [(support, "dnssec")]
        if "dns" not in lookup.effective.lower().replace(",", " ").split():
            wrong.append((lookup, ", ".join(filter(None, ("dns", lookup.effective)))))
        if wrong:
            then = "nothing is delivered" if client.tls_level == "dane-only" else "mail leaves as with `may`"
            yield self.finding(
                client.origin,
                f"the level `{client.tls_level}` has no effect without DNSSEC, and {then}",
                because=[
                    *((one.origin, f"{one.name} is {one.shown or 'empty'}") for one, _ in wrong),
                    *postfix.unset(*(one for one, _ in wrong)),
                ],
                advice=" and ".join(f"write `{one.name} = {right}`" for one, right in wrong),
                fix=all_of(*(parameter_to(postfix, one, right) for one, right in wrong)),
            )
