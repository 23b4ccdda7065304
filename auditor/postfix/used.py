"""Which names in main.cf are parameters: those Postfix knows, and those that something refers to.

``postconf -n`` prints these and no others. Source: ``src/postconf/postconf_user.c``, ``postconf_service.c`` and
``postconf_dbms.c``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.postfix.defaults import (
    legacy_parameters,
    raw_parameters,
    read_only_parameters,
    service_parameters,
    table_parameters,
    version_numbers,
)
from auditor.postfix.expansion import references
from auditor.syntax.postfix_expansion import ExpansionError
from auditor.syntax.postfix_lines import words
from auditor.syntax.postfix_tables import tables_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.postfix.configuration import Configuration, Scope, Service
    from auditor.syntax.postfix import Assignment

COMMENTS: Final = 3, 8
"""The first version whose postconf reads no tables behind a word that begins with ``#`` (``mystrtokq_cw``)."""
_TRANSPORTS: Final = frozenset({"local", "error", "virtual", "smtp", "lmtp", "pipe"})
_WITH_TIME_LIMIT: Final = frozenset({"pipe", "spawn"})
_WITH_PARAMETERS: Final = _TRANSPORTS | _WITH_TIME_LIMIT


def service_parameter_defaults(services: Iterable[Service]) -> dict[str, str]:
    """Return the parameters that services have for themselves, with their defaults (``postconf_service.c``)."""
    found: dict[str, str] = {}
    for service in services:
        if service.program not in _WITH_PARAMETERS:
            continue
        for suffix, default in service_parameters().items():
            programs = _WITH_TIME_LIMIT if suffix == "_time_limit" else _TRANSPORTS
            if service.program in programs:
                found.setdefault(service.service + suffix, f"${default}")
    return found


def used_parameters(configuration: Configuration) -> list[str]:
    """Return the names that main.cf sets and that are parameters, sorted as ``postconf -n`` prints them."""
    main = configuration.assignments
    named = set(_named_by_main(configuration))
    for service in configuration.services:
        named.update(name for name in _named_by(configuration, service) if name not in service.options)
    known = {name for name in main if _is_known(configuration, name)} | named
    read_only = read_only_parameters(version_numbers(configuration.version))
    return sorted((name for name in main if name in known and name not in read_only), key=_bytes)


def unused_settings(configuration: Configuration) -> Iterator[tuple[str, Assignment]]:
    """Yield what main.cf and the options of services set and nothing reads; ``postconf`` warns of these."""
    strange = {name: found for name, found in configuration.assignments.items() if not _is_known(configuration, name)}
    of_services = [
        (service, name, option.assignment)
        for service in configuration.services
        for name, option in service.options.items()
        if service.enabled and option.assignment and not _is_known(configuration, name)
    ]
    # Looking for what refers to them takes long, and hardly any host has one.
    read_only = read_only_parameters(version_numbers(configuration.version))
    if strange:
        read = {*used_parameters(configuration), *read_only}
        yield from ((name, found) for name, found in strange.items() if name not in read)
    if of_services:
        read = {*_named_by_main(configuration), *read_only}
        for service, name, assignment in of_services:
            if name not in read and name not in _named_by(configuration, service):
                yield name, assignment


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _is_known(configuration: Configuration, name: str) -> bool:
    if configuration.defaults.get(name) is not None or name in configuration.service_defaults:
        return True
    return name in legacy_parameters()


def _named_by_main(configuration: Configuration) -> Iterator[str]:
    """Yield the names that values of main.cf and defaults refer to."""
    defaults = configuration.defaults
    version = version_numbers(configuration.version)
    for name in defaults.names():
        if name not in configuration.assignments and name not in raw_parameters():
            yield from references(defaults.get(name) or "", version)
    yield from _named_in(configuration, configuration.scope(), configuration.assignments)


def _named_by(configuration: Configuration, service: Service) -> Iterator[str]:
    """Yield the names that the options of a service refer to."""
    yield from _named_in(configuration, configuration.scope(service), service.options)


def _named_in(configuration: Configuration, scope: Scope, names: Iterable[str]) -> Iterator[str]:
    names = list(names)
    version = version_numbers(configuration.version)
    if "smtpd_restriction_classes" in names:
        yield from (word.text for word in words(scope.get("smtpd_restriction_classes").effective))
    for name in names:
        if name in raw_parameters() or name in read_only_parameters(version):
            continue
        yield from references(scope.raw(name) or "", version)
        if configuration.defaults.get(name) is not None or name in configuration.service_defaults:
            yield from _named_by_tables(scope, name, comments=version >= COMMENTS)


def _named_by_tables(scope: Scope, name: str, *, comments: bool) -> Iterator[str]:
    """Yield the parameters that tables of the old style (``ldap:prefix``) are configured with."""
    try:
        text = scope.expand(name).text
    except ExpansionError:
        return
    for table in tables_in(text, comments=comments):
        if table.name and not table.contents and table.name[0] not in "/.":
            yield from (f"{table.name}_{suffix}" for suffix in table_parameters().get(table.type, ()))
