"""The restriction lists of smtpd as each service sees them, restriction classes expanded."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.finding import NotChecked
from auditor.syntax.postfix_expansion import ExpansionError
from auditor.syntax.postfix_lines import words
from auditor.syntax.postfix_restrictions import restrictions_of
from auditor.text import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.postfix.configuration import Configuration, Scope, Service
    from auditor.postfix.expansion import Expansion
    from auditor.syntax import postfix_restrictions
    from auditor.text import Span

EARLY_LISTS: Final = ("smtpd_client_restrictions", "smtpd_helo_restrictions", "smtpd_sender_restrictions")
MAIL_LISTS: Final = ("smtpd_relay_restrictions", "smtpd_recipient_restrictions")
ACCESS_LISTS: Final = (*EARLY_LISTS, *MAIL_LISTS)
"""The lists that a recipient must pass, every one of them (smtpd_check.c, smtpd_check_rcpt)."""
LATE_LISTS: Final = ("smtpd_data_restrictions", "smtpd_end_of_data_restrictions")
ALL_LISTS: Final = (*ACCESS_LISTS, *LATE_LISTS, "smtpd_etrn_restrictions")
GUARDS: Final = frozenset(
    {
        "reject_unauth_destination",
        "defer_unauth_destination",
        "reject",
        "defer",
        "defer_if_permit",
        "check_relay_domains",
    }
)
"""Restrictions that refuse whatever is for a foreign domain (``rcpt_required`` of smtpd_check_init, smtpd_check.c)."""
MAX_RESTRICTIONS: Final = 20_000
"""Restrictions of one list, its classes expanded, that are looked at."""
MAX_STEPS: Final = 200_000
"""Restrictions and classes that are passed on the way."""

_TABLE_ALONE: Final = {
    "smtpd_client_restrictions": "check_client_access",
    "smtpd_helo_restrictions": "check_helo_access",
    "smtpd_sender_restrictions": "check_sender_access",
    "smtpd_relay_restrictions": "check_recipient_access",
    "smtpd_recipient_restrictions": "check_recipient_access",
    "smtpd_etrn_restrictions": "check_etrn_access",
}
"""What a table without a restriction name stands for; in other lists it is an error (``smtpd_check.c``)."""


class Restriction(NamedTuple):
    """One restriction in effect.

    ``name`` is spelled as in the file (Postfix compares without regard to letter case); a table that stands alone has
    the name that it stands for. ``argument`` is empty where there is none. ``via`` holds the restriction classes that
    lead to it, the outermost first. ``span`` is the place of name and argument, or of the value they come from where
    they are put together from several; None for a default. ``warn_only``: ``warn_if_reject`` stands before it.
    """

    name: str
    argument: str
    origin: Origin
    span: Span | None
    via: tuple[str, ...] = ()
    warn_only: bool = False

    @property
    def is_loop(self) -> bool:
        """Whether it is a restriction class that leads to itself."""
        return self.name in self.via


def restrictions(configuration: Configuration, service: Service | None, list_name: str) -> Sequence[Restriction]:
    """Return the restrictions of a list such as ``smtpd_recipient_restrictions`` as a service sees them, in order.

    A restriction class gives way to its own restrictions; one that comes to itself stays as it is. A list whose value
    cannot be expanded is empty; that is a problem of its own. At most ``MAX_RESTRICTIONS`` are returned.
    """
    scope = configuration.scope(service)
    known = scope.restrictions.get(list_name)
    if known is None:
        found = list(islice(_expanded(scope, list_name), MAX_RESTRICTIONS + 1))
        if len(found) > MAX_RESTRICTIONS or None in found:
            why = "it comes to more restrictions than are looked at"
            configuration.not_checked.append(NotChecked(f"the end of {list_name}", why))
        known = scope.restrictions[list_name] = tuple(one for one in found[:MAX_RESTRICTIONS] if one)
    return known


def restrictions_of_result(
    configuration: Configuration, service: Service | None, text: str, origin: Origin
) -> tuple[Restriction, ...]:
    """Return the restrictions that the result of an access table names, restriction classes expanded.

    They stand where the table's entry does (``check_table_result``, ``src/smtpd/smtpd_check.c``).
    """
    classes = class_names(configuration, service)
    found: list[Restriction] = []
    for one in restrictions_of(text):
        if one.name in classes and one.argument is None:
            inside = restrictions(configuration, service, one.name)
            found += (each._replace(warn_only=each.warn_only or one.warn_only) for each in inside)
        else:
            found.append(Restriction(one.name, one.argument or "", origin, origin.span, warn_only=one.warn_only))
    return tuple(found)


def class_names(configuration: Configuration, service: Service | None) -> frozenset[str]:
    """Return the names of the restriction classes that a service knows."""
    scope = configuration.scope(service)
    return frozenset(word.text for word in words(scope.get("smtpd_restriction_classes").effective))


def _expanded(scope: Scope, list_name: str) -> Iterator[Restriction | None]:
    """Yield the restrictions of a list, and None at the end where it is given up before its end."""
    classes = {word.text for word in words(scope.get("smtpd_restriction_classes").effective)}
    listed: dict[str, list[Restriction]] = {}
    pending: list[tuple[str, tuple[str, ...], int, bool]] = [(list_name, (), 0, False)]
    for _ in range(MAX_STEPS):
        if not pending:
            return
        name, via, at, warned = pending.pop()
        if name not in listed:
            listed[name] = _listed(scope, name, list_name)
        if at >= len(listed[name]):
            continue
        pending.append((name, via, at + 1, warned))
        restriction = listed[name][at]
        # warn_if_reject before a class is about everything in it (generic_checks: it is reset at its own depth only).
        warn_only = warned or restriction.warn_only
        if restriction.name not in classes or restriction.argument:
            yield restriction._replace(via=via, warn_only=warn_only)
        elif restriction.name in via:
            # smtpd calls itself until it crashes (generic_checks; tried on 3.7.11 and 3.10.13).
            yield restriction._replace(via=via, warn_only=warn_only)
        else:
            pending.append((restriction.name, (*via, restriction.name), 0, warn_only))


def _listed(scope: Scope, name: str, list_name: str) -> list[Restriction]:
    """Return what stands in the value of one parameter, classes not expanded."""
    try:
        expansion = scope.expand(name)
    except ExpansionError:
        return []
    places = Places(scope, name, expansion)
    found: list[Restriction] = []
    for one in restrictions_of(expansion.text):
        origin = places.origin(one.start, one.end) or places.origin(one.start, one.start + len(one.name))
        origin = origin or scope.origin(name)
        spelled, argument = _named(one, list_name)
        found.append(Restriction(spelled, argument, origin, origin.span, warn_only=one.warn_only))
    return found


def _named(one: postfix_restrictions.Restriction, list_name: str) -> tuple[str, str]:
    if one.is_table and list_name in _TABLE_ALONE:
        return _TABLE_ALONE[list_name], one.name
    return one.name, one.argument or ""


class Places:
    """Tells where the parts of an expanded value stand in the files."""

    def __init__(self, scope: Scope, name: str, expansion: Expansion) -> None:
        self._scope = scope
        self._name = name
        self._pieces = expansion.pieces
        self._starts = list(accumulate((len(piece.text) for piece in expansion.pieces), initial=0))

    def origin(self, start: int, end: int) -> Origin | None:
        """Return the origin of a part of the text; None where it is put together from several values."""
        first, last = self._piece(start), self._piece(max(end - 1, start))
        if first < 0:
            return None
        source = self._pieces[first].source
        assignment = self._scope.assignment(source)
        if assignment is None:
            return self._scope.origin(source or self._name)
        begin = self._pieces[first].start + start - self._starts[first]
        stop = self._pieces[last].start + end - self._starts[last]
        if source != self._pieces[last].source or stop < begin:
            return None
        return Origin(assignment.value.part(begin, stop))

    def _piece(self, at: int) -> int:
        return min(bisect_right(self._starts, at), len(self._pieces)) - 1
