"""What rules about Postfix can propose where several services are concerned, or a list of restrictions is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.change import Fix, InsertWord, ReplaceWord
from auditor.model.fixes import all_of, option_to, parameter_to, with_word_at_end
from auditor.model.tls_policy import PROTOCOLS
from auditor.model.tls_protocols import from_words
from auditor.postfix.restrictions import MAIL_LISTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.model.postfix import Postfix
    from auditor.model.smtpd import SmtpdService
    from auditor.postfix.configuration import Parameter, Service
    from auditor.text import Span

USERS: Final = (
    "permit_mynetworks",
    "permit_sasl_authenticated",
    "permit_tls_clientcerts",
    "permit_tls_all_clientcerts",
)
"""Restrictions that let those past whom a server is there for."""


def services_to(services: Sequence[SmtpdService], name: str, value: str) -> Fix | None:
    """Give a parameter another value for some services.

    That is done where they get it from; where others get it from there, too, by an ``-o`` of each.
    """
    return all_of(*(_service_to(service, services, name, value) for service in services))


def _service_to(service: SmtpdService, services: Sequence[SmtpdService], name: str, value: str) -> Fix | None:
    if any(other not in services for other in sharing(service, name)):
        return option_to(service, name, value)
    return parameter_to(service.postfix, service.get(name), value)


def main_to(services: Sequence[SmtpdService], name: str, value: str, *, keeping: Iterable[SmtpdService]) -> Fix | None:
    """Give a parameter another value where some services get it from, and each one to be kept an ``-o`` with the old.

    Those that get it from elsewhere keep theirs without.
    """
    kept = [
        other
        for other in keeping
        if other not in services and any(other in sharing(service, name) for service in services)
    ]
    places = {service.get(name).origin: service.get(name) for service in services}
    changed = [parameter_to(services[0].postfix, parameter, value) for parameter in places.values()]
    return all_of(*changed, *(option_to(other, name, other.get(name).effective) for other in kept))


def sharing(service: SmtpdService, name: str) -> list[SmtpdService]:
    """Return the services that get a parameter from the same place as one, itself among them."""
    place = service.get(name).origin
    return [other for other in service.postfix.smtpd_services if other.get(name).origin == place]


def recent_protocols(postfix: Postfix, parameter: Parameter) -> Fix | None:
    """Let a list of protocols begin with the oldest that the policy takes, as the version spells it."""
    oldest = postfix.policy.minimum_protocol
    if postfix.version_numbers >= (3, 6):
        return parameter_to(postfix, parameter, f">={oldest}")
    return parameter_to(postfix, parameter, ", ".join(f"!{one}" for one in PROTOCOLS[: PROTOCOLS.index(oldest)]))


def tls_demanded(service: SmtpdService, name: str, value: str) -> Fix | None:
    """Give one service the parameter that makes TLS mandatory, with protocols that are fit for it."""
    protocols = service.get("smtpd_tls_mandatory_protocols")
    fix = option_to(service, name, value)
    if not service.postfix.policy.too_old(from_words(protocols.effective)):
        return fix
    return all_of(fix, recent_protocols(service.postfix, protocols))


def users_let_past(service: SmtpdService) -> list[str]:
    """Return the restrictions by which a service relays for its users, in the order of its lists."""
    items = (item for name in MAIL_LISTS for item in service.restrictions(name) if not item.warn_only)
    return list(dict.fromkeys(item.name for item in items if item.name.lower() in USERS))


def guarded_relay(service: SmtpdService) -> Fix | None:
    """Let a service relay for those whom its lists let past, or as the default does, and for nobody else."""
    users = users_let_past(service) or USERS[:2]
    relay = service.get("smtpd_relay_restrictions")
    return parameter_to(service.postfix, relay, ", ".join((*users, "reject_unauth_destination")))


def with_word(parameter: Parameter, word: str, postfix: Postfix) -> Fix | None:
    """Put a word at the end of a list, which may be empty."""
    return with_word_at_end(parameter, word) if parameter.value.strip() else parameter_to(postfix, parameter, word)


def inserted(at: Span | None, word: str) -> Fix | None:
    """Put a word before one that stands in a list."""
    return Fix(f"write `{word}` before `{at.text}`", (InsertWord(at, word),)) if at else None


def without_argument(service: Service, argument: str) -> Fix:
    """Take an argument out of the command of a service."""
    return Fix(f"take `{argument}` out", (ReplaceWord(service.span, argument),))
