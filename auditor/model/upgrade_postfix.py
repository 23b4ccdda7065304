"""What an upgrade of Postfix changes: parameters and restrictions that are gone or go, defaults, kinds of tables.

Sources: DEPRECATION_README, postconf(5), ``postconf_unused.c``; the defaults of each version are data of this project.
What is gone is said of any version, what changes only when the version was named and the host has one before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.model.fixes import without
from auditor.model.postfix_fixes import replaced
from auditor.model.postfix_renames import in_place_of
from auditor.model.upgrade import Break, Upgrade, divided
from auditor.postfix.defaults import legacy_parameters, removed_in, version_numbers
from auditor.postfix.restrictions import ALL_LISTS, restrictions
from auditor.postfix.upgrade_table import upgrade_table
from auditor.postfix.used import used_parameters
from auditor.syntax.postfix_tables import tables_in
from auditor.text import Origin, escaped, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.postfix.configuration import Configuration, Service
    from auditor.syntax.postfix import Assignment

_OF_THE_BUILD: Final = frozenset({"mail_version", "meta_directory", "import_environment", "proxy_read_maps"})
"""Defaults that change with every version, or that the package decides."""
_WITHOUT_BERKELEY_DB: Final = (3, 11)
"""From here on Postfix may be built without Berkeley DB (postconf(5), default_database_type)."""


def postfix_upgrade(configuration: Configuration) -> Upgrade:
    """Return what this version has no more, and what changes when it follows the one that the host has."""
    upgrade = Upgrade()
    old = configuration.older
    new, upgrade.problems = divided(configuration.problems, old.problems) if old else ([], configuration.problems)
    version = configuration.version
    for problem in new:
        message = f"Postfix {version} refuses this: {problem.message}"
        upgrade.breaks.append(
            Break(problem.message, problem.span, message, problem.advice, refused=True, because=tuple(problem.related))
        )
    upgrade.breaks += _gone_parameters(configuration)
    upgrade.breaks += _restrictions(configuration, old)
    if old:
        upgrade.breaks += _deprecated(configuration, old)
        upgrade.breaks += _changed_defaults(configuration, old)
        upgrade.breaks += _tables(configuration, old)
    return upgrade


def _assignments(configuration: Configuration) -> Iterator[tuple[str, Assignment, Service | None]]:
    for name, assignment in configuration.assignments.items():
        yield name, assignment, None
    for service in configuration.services:
        for name, option in service.options.items():
            if service.enabled and option.assignment:
                yield name, option.assignment, service


def _gone_parameters(configuration: Configuration) -> Iterator[Break]:
    """Yield parameters that an earlier version had and this one ignores."""
    gone = {name for name, *_ in _assignments(configuration) if removed_in(name, configuration.version)}
    gone -= legacy_parameters()
    if not gone:
        return
    # A name that another value refers to is the user's own.
    own = set(used_parameters(configuration))
    for name, assignment, _ in _assignments(configuration):
        if name in gone and name not in own:
            since = removed_in(name, configuration.version)
            message = f"Postfix {configuration.version} has no {name}, which {since} took away: the line does nothing"
            fix = without(Origin(assignment.span), name)
            yield Break(name, assignment.span, message, "remove the line", severity=Severity.MEDIUM, fix=fix)


def _restrictions(configuration: Configuration, old: Configuration | None) -> Iterator[Break]:
    """Yield restrictions that smtpd has no more, and those that it will not have for long."""
    numbers = version_numbers(configuration.version)
    known = upgrade_table().restrictions
    services = [one for one in configuration.services if one.enabled and one.program == "smtpd"]
    for service in services if configuration.master_file else [None]:
        for list_name in ALL_LISTS:
            for one in restrictions(configuration, service, list_name):
                warned, removed, instead = known.get(one.name.lower(), ("", "", ""))
                if removed and numbers >= version_numbers(removed):
                    what = (
                        f"Postfix {configuration.version} has no {one.name}, which {removed} took away: clients that "
                        f"come to it in {list_name} get 451 4.3.5 Server configuration error"
                    )
                    # What that parameter lists stands behind this restriction, word by word.
                    fix = None if instead == "reject_rbl_client" else replaced(one.span, instead)
                    fix = fix and fix.opening().unsafe()
                    yield Break(one.name, one.origin, what, f"write {instead} instead", fix=fix)
                elif warned and _comes(warned, old, configuration):
                    what = f"Postfix warns of {one.name} from {warned} on: it will be removed"
                    yield Break(one.name, one.origin, what, f"use {instead} instead", severity=Severity.LOW)


def _comes(since: str, old: Configuration | None, new: Configuration) -> bool:
    """Whether something begins with a version between the old one and the new one."""
    return old is not None and version_numbers(old.version) < version_numbers(since) <= version_numbers(new.version)


def _deprecated(configuration: Configuration, old: Configuration) -> Iterator[Break]:
    known = upgrade_table().deprecated
    for name, assignment, service in _assignments(configuration):
        since, instead = known.get(name, ("", ""))
        if since and _comes(since, old, configuration):
            advice = f"write {instead} instead" if instead else "remove the line: the default does"
            message = f"Postfix warns of {name} from {since} on: it will be removed"
            fix = in_place_of(configuration, name, instead, service)
            yield Break(name, assignment.span, message, advice, severity=Severity.LOW, fix=fix)


def _changed_defaults(configuration: Configuration, old: Configuration) -> Iterator[Break]:
    """Yield parameters that main.cf leaves alone and that come to something else."""
    known = upgrade_table().defaults
    main = configuration.main_file
    for name in configuration.defaults.names():
        before, after = old.defaults.get(name), configuration.defaults.get(name)
        # Where the raw text is the same, another parameter that it refers to has changed.
        if before is None or before == after or name in configuration.assignments or name in _OF_THE_BUILD:
            continue
        values = [one.get(name).expanded for one in (old, configuration)]
        if values[0] == values[1] or None in values or main is None:
            continue
        was, now = (f"`{shortened(escaped(value))}`" if value else "empty" for value in values)
        effect = f": {known[name]}" if known.get(name) else ""
        yield Break(
            name,
            Origin(main.span(0, 0)),
            f"Postfix {configuration.version} has another default for {name}, {now} instead of {was}{effect}",
            f"write `{name} = {escaped(values[0] or '')}` for what {old.version} does",
            severity=Severity.MEDIUM if name in known else Severity.INFO,
        )


def _tables(configuration: Configuration, old: Configuration) -> Iterator[Break]:
    """Yield parameters with tables of types that a build may be without."""
    if not version_numbers(old.version) < _WITHOUT_BERKELEY_DB <= version_numbers(configuration.version):
        return
    for name, assignment, service in _assignments(configuration):
        value = configuration.get(name, service).effective
        types = sorted({table.type for table in tables_in(value) if table.type in ("hash", "btree")})
        if types:
            message = (
                f"Postfix {configuration.version} may be built without Berkeley DB, and has no {' and '.join(types)} "
                f"tables then: {name} names one"
            )
            advice = "ask `postconf -m` of the new package; lmdb or cdb tables are made by postmap"
            yield Break(name, assignment.span, message, advice, severity=Severity.INFO)
