"""Lines of Postfix's configuration that have no effect, or another than they seem to have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.model.postfix_renames import in_place_of
from auditor.postfix.defaults import Kind, removed_in, version_numbers
from auditor.postfix.upgrade_table import upgrade_table
from auditor.postfix.used import unused_settings
from auditor.text import Origin, similar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.change import Fix
    from auditor.postfix.configuration import Configuration
    from auditor.syntax.postfix import Assignment
    from auditor.text import Span

MAX_COMPARED: Final = 50
"""Names that a similar one is looked for; comparing takes time."""
_COMMENT: Final = re.compile(r"(?<=[ \t])#[ \t]")


class Unread(NamedTuple):
    """One setting that has no effect: its name, where it stands, and the name that was probably meant."""

    name: str
    origin: Origin
    meant: str


def unread_settings(configuration: Configuration) -> Iterator[Unread]:
    """Yield the settings that nothing reads; what an earlier version read is left to the rule about upgrades."""
    known = [*configuration.defaults.names(), *configuration.service_defaults]
    for number, (name, assignment) in enumerate(unused_settings(configuration)):
        if removed_in(name, configuration.version):
            continue
        near = similar(name, known, 0.9) if number < MAX_COMPARED else ""
        yield Unread(name, Origin(assignment.span), near)


class Deprecated(NamedTuple):
    """One parameter that is set and that this version warns of, the one that replaces it, and what to write."""

    name: str
    instead: str
    origin: Origin
    fix: Fix | None


def deprecated_settings(configuration: Configuration) -> Iterator[Deprecated]:
    """Yield the parameters set that this version warns of.

    Of a version that is yet to come the rule about upgrades tells.
    """
    if configuration.older:
        return
    for name, (since, instead) in upgrade_table().deprecated.items():
        if version_numbers(configuration.version) < version_numbers(since):
            continue
        setting = [one for one in configuration.services if one.enabled and name in one.options]
        for service in (*([None] if name in configuration.assignments else []), *setting):
            origin = configuration.get(name, service).origin
            yield Deprecated(name, instead, origin, in_place_of(configuration, name, instead, service))


def commented_values(configuration: Configuration) -> Iterator[tuple[str, Assignment, Span]]:
    """Yield the parameters of main.cf whose value ends in what looks like a comment, which is none to Postfix.

    A number or a switch with one is refused, which another rule reports.
    """
    for name, assignment in configuration.assignments.items():
        value = assignment.value.value
        known = configuration.defaults.known(name)
        comment = _COMMENT.search(value)
        if known and known.kind is Kind.TEXT and "{" not in value and comment:
            yield name, assignment, assignment.value.part(comment.start(), len(value))
