"""Messages smuggled behind a bare newline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.access.addresses import is_wide_network, widest_public_network
from auditor.access.match_lists import host_list
from auditor.finding import Confidence, Severity
from auditor.model.fixes import parameter_to
from auditor.model.postfix_fixes import without_words
from auditor.model.smtpd import grouped, named
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix
    from auditor.model.smtpd import SmtpdService
    from auditor.text import Origin

FORBID: Final = "smtpd_forbid_bare_newline"
EXCLUSIONS: Final = "smtpd_forbid_bare_newline_exclusions"


class SmtpSmuggling(PostfixRule):
    """Other servers' users can smuggle messages in, past SPF.

    What: a service that takes mail from the Internet has `smtpd_forbid_bare_newline = no`, the default before Postfix
    3.9, or its version does not know the parameter, or smtpd_forbid_bare_newline_exclusions excludes a public network
    of 4096 addresses or more (IPv6: a /44 or more); and neither reject_unauth_pipelining in smtpd_data_restrictions nor
    smtpd_forbid_unauth_pipelining, with CHUNKING switched off, stands in for it.

    Why it matters: a line that ends with a bare newline ends a message for Postfix and not for the server that sent it.
    What follows is taken for a message of its own: with any sender, from a server that SPF allows (CVE-2023-51764).

    How to mend it: write `smtpd_forbid_bare_newline = normalize`, or `yes` before 3.5.24, 3.6.14, 3.7.10 and 3.8.5,
    which disconnects clients that send a bare newline; upgrade where the version does not know it. Exclude single
    hosts that cannot do without, or none.

    When to ignore it: all mail comes from servers of your own.

    Sources: https://www.postfix.org/smtp-smuggling.html; postconf(5), smtpd_forbid_bare_newline; RELEASE_NOTES of
    Postfix 3.9; smtpd.c of 3.7.9 and 3.7.10; tried on Postfix 3.7.11: <LF>.<CR><LF> ends a message.
    """

    name = "smtp-smuggling"
    severity = Severity.HIGH

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the services that other servers deliver to."""
        services = [one for one in postfix.smtpd_services if one.takes_mail_from_internet and not _has_workaround(one)]
        known = postfix.configuration.defaults.known(FORBID) is not None
        right = "yes" if postfix.version_is_assumed or postfix.is_switch(FORBID) else "normalize"
        for origin, group in grouped((one for one in services if not _forbids(one)), _place_of(FORBID)).items():
            message = f"messages can be smuggled in at {named(group)}: "
            fix = parameter_to(postfix, group[0].get(FORBID), right) if known else None
            message += f"{FORBID} is {group[0].get(FORBID).shown}" if known else f"{postfix.version} cannot forbid it"
            yield self.finding(
                origin,
                message,
                because=postfix.unset(group[0].get(FORBID)),
                advice=f"write `{FORBID} = {right}`" if known else "upgrade, or see smtp-smuggling.html on postfix.org",
                # Distributions have brought the parameter to versions that did not have it.
                confidence=Confidence.HIGH if known else Confidence.MEDIUM,
                fix=fix.unsafe() if fix and right == "yes" else fix,
            )
        for origin, group in grouped(filter(_forbids, services), _place_of(EXCLUSIONS)).items():
            excluded = host_list(postfix.host, group[0].get(EXCLUSIONS))
            fix = without_words(group[0].get(EXCLUSIONS), is_wide_network)
            if origin.span and (widest := widest_public_network(excluded.addresses)):
                yield self.finding(
                    origin,
                    f"messages can be smuggled in at {named(group)} from {widest}, which {EXCLUSIONS} excludes",
                    advice="take the network out",
                    fix=fix and fix.unsafe(),
                )


def _place_of(name: str) -> Callable[[SmtpdService], Origin]:
    return lambda service: service.get(name).origin


def _forbids(service: SmtpdService) -> bool:
    return service.get(FORBID).effective.lower() not in ("no", "")


def _has_workaround(service: SmtpdService) -> bool:
    names = [one.name.lower() for one in service.restrictions("smtpd_data_restrictions") if not one.warn_only]
    keywords = service.get("smtpd_discard_ehlo_keywords").effective.lower().replace(",", " ").split()
    forbids = "reject_unauth_pipelining" in names or service.is_on("smtpd_forbid_unauth_pipelining")
    return forbids and "chunking" in keywords
