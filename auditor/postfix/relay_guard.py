"""What smtpd wants before it starts: a restriction that keeps strangers from relaying, and classes that hold any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Problem, ProblemKind
from auditor.postfix.restrictions import GUARDS, MAIL_LISTS, class_names, restrictions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.postfix.configuration import Configuration, Service
    from auditor.postfix.restrictions import Restriction


def class_problems(configuration: Configuration) -> Iterator[Problem]:
    """Yield the restriction classes without restrictions, for want of which smtpd ends when it starts."""
    reported: set[str] = set()
    for service in configuration.services:
        if service.enabled and service.program == "smtpd" and (name := undefined_class(configuration, service)):
            listed = configuration.get("smtpd_restriction_classes", service)
            if name not in reported and listed.assignment:
                reported.add(name)
                message = f"restriction class `{name}' needs a definition"
                advice = f"write `{name} =` with its restrictions, or take it out of the list"
                yield Problem(ProblemKind.INVALID_VALUE, message, listed.assignment.value.span, advice)


def has_relay_guard(configuration: Configuration, service: Service | None) -> bool:
    """Whether smtpd finds a restriction that keeps strangers from relaying; without one it ends when it starts."""
    return any(_has_guard(restrictions(configuration, service, name)) for name in MAIL_LISTS)


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
        if one.is_loop or (name == "permit" and not one.via):
            return False
        if name == "permit":
            ended = one.via
        elif name in GUARDS:
            return True
    return False
