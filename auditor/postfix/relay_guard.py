"""Whether smtpd has what it wants before it starts: a restriction that keeps strangers from relaying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import NotChecked, Problem, ProblemKind
from auditor.postfix.restrictions import class_names, restrictions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.postfix.configuration import Configuration, Service
    from auditor.postfix.restrictions import Restriction
    from auditor.text import Span

LISTS: Final = ("smtpd_relay_restrictions", "smtpd_recipient_restrictions")
GUARDS: Final = (
    "reject_unauth_destination",
    "defer_unauth_destination",
    "reject",
    "defer",
    "defer_if_permit",
    "check_relay_domains",
)
"""``rcpt_required`` of ``smtpd_check_init``, ``src/smtpd/smtpd_check.c``."""
MAX_SERVICES: Final = 300
"""Services whose lists are looked at."""


def relay_guard_problems(configuration: Configuration) -> Iterator[Problem | NotChecked]:
    """Yield the smtpd services that end with "specify at least one working instance of" when they start.

    Where smtpd_relay_restrictions is left to a version that is only assumed, nothing can be said: Postfix 2.10 to 3.2
    have a guard by default, later ones have it from compatibility level 1 on.
    """
    smtpd = [service for service in configuration.services if service.enabled and service.program == "smtpd"]
    reported: set[Span | None] = set()
    for service in smtpd[:MAX_SERVICES]:
        parameters = [configuration.get(name, service) for name in LISTS]
        if any(one.expanded is None for one in parameters):
            continue
        if has_relay_guard(configuration, service):
            continue
        if configuration.version_from == "assumed" and parameters[0].assignment is None:
            why = "the version of Postfix is not known"
            yield NotChecked("whether smtpd starts without smtpd_relay_restrictions", why)
            return
        span = next((one.assignment.value.span for one in parameters if one.assignment), None)
        if span not in reported:
            reported.add(span)
            yield Problem(ProblemKind.INVALID_VALUE, _MESSAGE, span or service.span, _ADVICE)


def has_relay_guard(configuration: Configuration, service: Service | None) -> bool:
    """Whether smtpd finds a restriction that keeps strangers from relaying; without one it ends when it starts."""
    return any(_has_guard(restrictions(configuration, service, name)) for name in LISTS)


def undefined_class(configuration: Configuration, service: Service | None) -> str | None:
    """Return a restriction class without restrictions, for want of which smtpd ends when it starts (smtpd_check_init).

    Its words are "restriction class `name' needs a definition" (tried on 3.7.11).
    """
    names = sorted(class_names(configuration, service))
    return next((name for name in names if not configuration.get(name, service).effective.strip()), None)


def _has_guard(listed: Iterable[Restriction]) -> bool:
    """Whether a list has a guard before it permits everything (``has_required``)."""
    ended: tuple[str, ...] | None = None
    for one in listed:
        name = one.name.lower()
        if one.warn_only or (ended is not None and one.via[: len(ended)] == ended):
            continue
        if name == "permit" and not one.via:
            return False
        if name == "permit":
            ended = one.via
        elif name in GUARDS:
            return True
    return False


_MESSAGE: Final = (
    f"in parameter {' or '.join(LISTS)}, specify at least one working instance of: "
    f"{', '.join(GUARDS[:-1])} or {GUARDS[-1]}"
)
_ADVICE: Final = "end smtpd_relay_restrictions with reject_unauth_destination"
