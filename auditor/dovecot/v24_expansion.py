"""What Dovecot 2.4 refuses about ``%{...}`` when all is read.

A program that cannot be parsed aborts the daemon when it writes the configuration for its processes
(``config_export_value`` in src/config/config-dump-full.c). Of databases, services and their listeners, mailboxes and
languages it expands the values itself, without a user (``settings_get`` in src/lib-settings/settings.c, called by
``auth_settings_get_passdbs``, ``master_settings_get_services``, ``namespace_parse_mailboxes`` and
``langs_settings_ext_check``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.dovecot.v24_filters import Kind, Value
from auditor.dovecot.v24_schema import HEREDOC, LATE_VARIABLES, Type, section_escaped
from auditor.dovecot.v24_set import shown_value
from auditor.finding import Problem, ProblemKind
from auditor.text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.dovecot.configuration import Section
    from auditor.dovecot.v24 import Configuration24
    from auditor.dovecot.v24_filters import Filter
    from auditor.dovecot.v24_view import View
    from auditor.text import Span

_EXPANDED: Final = (
    ("auth", "passdb", "auth_passdb"),
    ("auth", "userdb", "auth_userdb"),
    ("master", "service", "service"),
    ("mail_namespace", "mailbox", "mailbox"),
    ("languages", "language", "language"),
)
"""A struct whose check expands the settings of list filters, the filter, and the struct of its settings."""
_LISTENERS: Final = ("unix_listener", "fifo_listener", "inet_listener")
_AS_WRITTEN: Final = (Type.STR_NOVARS, Type.FILTER_ARRAY, Type.FILTER_NAME)


def check_programs(configuration: Configuration24, filters: list[Filter]) -> None:
    """Append the values whose ``%{...}`` cannot be parsed to the problems."""
    refused = {problem.span for problem in configuration.problems}
    for where in filters:
        for key, value in _values_with_variables(configuration, where):
            # The grammar is built at its first use; most configurations have few variables.
            from auditor.syntax.dovecot_variables import variables_error

            error = variables_error(value.text, strict=configuration.schema.number >= LATE_VARIABLES)
            if error and value.span and value.span not in refused:
                message = f"{key}: {shown_value(configuration.schema, key, value)}: {error}"
                configuration.problems.append(Problem(ProblemKind.INVALID_VALUE, escaped(message), value.span))


def _values_with_variables(configuration: Configuration24, where: Filter) -> Iterator[tuple[str, Value]]:
    """Yield the keys and values of a filter that have variables, as they are written for the processes."""
    for key, value in where.values.items():
        inline = configuration.schema.settings[key].type is Type.FILE and value.text.startswith("inline:")
        if "%{" in value.text and value.literal and not value.is_file and not inline and not value.heredoc:
            yield key, value
    for key, found in where.lists.items():
        for name, value in found.elements.items():
            if "%{" in value.text and value.literal and not value.is_file:
                yield f"{key}/{name}", value
    for key, names in where.names.items():
        text = " ".join(map(section_escaped, names))
        if "%{" in text:
            yield key, Value(text, next(iter(names.values())))


def check_expansion(configuration: Configuration24, view: View, names_of: dict[str, list[str]]) -> None:
    """Append what cannot be expanded in the list filters of one filter to the problems.

    ``names_of`` are the names that its check sees, by the list filter.
    """
    for owner, kind, struct in _EXPANDED:
        names = names_of.get(kind, [])
        if not names or not view.is_checked(owner):
            continue
        for name in names:
            section = configuration.section_in(view.where, kind, name)
            for problem in _of_section(configuration, section, struct):
                configuration.problems.append(problem)


def _of_section(configuration: Configuration24, section: Section, struct: str) -> Iterator[Problem]:
    frame = f"{struct} settings (filter={section.kind}/{section_escaped(section.name)})"
    yield from _problems(configuration, section, struct, frame)
    if section.kind == "service":
        for kind in _LISTENERS:
            for listener in section.sections(kind):
                yield from _of_section(configuration, listener, kind)
    elif section.kind == "inet_listener":
        yield from _problems(configuration, section, "master", "master settings")


def _problems(configuration: Configuration24, section: Section, struct: str, frame: str) -> Iterator[Problem]:
    for key in configuration.schema.structs[struct]:
        definition = configuration.schema.settings[key]
        if definition.type in _AS_WRITTEN:
            continue
        for what, text, span in _values(configuration, section, key, is_list=definition.type.is_list):
            if "%{" not in text:
                continue
            from auditor.syntax.dovecot_variables import unknown_variable

            error = unknown_variable(text)
            if error:
                message = (
                    f"Failed to get {section.kind} {section.name}: {frame}: Failed to parse configuration: "
                    f"Failed to expand {what} variables: {error}"
                )
                yield Problem(ProblemKind.INVALID_VALUE, escaped(message), span or section.span)


def _values(
    configuration: Configuration24, section: Section, key: str, *, is_list: bool
) -> Iterator[tuple[str, str, Span | None]]:
    """Yield what the daemon calls a value, the value, and where it stands."""
    if not is_list:
        found = section.get(key)
        if found and found.literal:
            yield f"{key} setting", found.value, found.origin.span
        return
    for element in section.items(key):
        yield f"{key}/{element.name} setting", element.value, element.origin.span
        if configuration.schema.number >= HEREDOC:
            yield f"{key} list key", element.name, element.origin.span


def is_expanded(configuration: Configuration24, filters: list[Filter]) -> bool:
    """Whether any value with variables is one that the check of another struct expands."""
    structs = [struct for _, _, struct in _EXPANDED] + [*_LISTENERS, "master"]
    keys = {key for struct in structs for key in configuration.schema.structs[struct]}
    return any(
        any("%{" in value.text and key in keys for key, value in where.values.items())
        or any(
            "%{" in name or "%{" in value.text
            for key, found in where.lists.items()
            if key in keys
            for name, value in found.elements.items()
        )
        for where in filters
    )


def names_seen(where: Filter, built_in: Filter | None) -> dict[str, list[str]]:
    """Return the names of list filters that the checks of a filter see: its own, and those built in for it."""
    found = {key: list(names) for key, names in built_in.names.items()} if built_in else {}
    for key, names in where.names.items():
        found[key] = list(dict.fromkeys((*found.get(key, ()), *names)))
    return found if where.kind is Kind.ROOT or not any(one.kind is Kind.NAMED for one in where.chain()) else {}
