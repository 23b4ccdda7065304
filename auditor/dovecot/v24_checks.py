"""What Dovecot 2.4 refuses when all is read: values that do not go together.

The ``check_func`` of the settings structs in src/**/*-settings.c of 2.4.1 and 2.4.4. The daemon runs them for each
filter on its own (``config_filter_parser_check`` in src/config/config-parser.c): what stands in the filters around it
does not count, what is built in for the same filter does. It names the file but no line; here it is the value's line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.dovecot.v24_checks_core import core_checks
from auditor.dovecot.v24_checks_mail import mail_checks
from auditor.dovecot.v24_checks_plugins import plugin_checks
from auditor.dovecot.v24_expansion import check_expansion, check_programs, is_expanded, names_seen
from auditor.dovecot.v24_filters import Kind
from auditor.dovecot.v24_services import check_services
from auditor.dovecot.v24_values import ValueRefusedError
from auditor.dovecot.v24_view import StructCheck, UnknownValueError, View
from auditor.finding import Problem, ProblemKind
from auditor.text import escaped

if TYPE_CHECKING:
    from auditor.dovecot.v24 import Configuration24
    from auditor.dovecot.v24_filters import Filter


def check_all(configuration: Configuration24) -> None:
    """Append what the daemon refuses about the values as a whole to the problems."""
    schema = configuration.schema
    tree = configuration.tree
    problems = configuration.problems
    filters = [one for one in (tree.root, *tree.filters) if not one.built_in]
    check_programs(configuration, [one for one in (tree.root, *tree.filters) if not one.built_in or one.in_group])
    checks = [one for one in _CHECKS if one.since <= schema.number < one.before]
    expands = is_expanded(configuration, filters)
    for where in filters:
        if where.in_group or not (where.kind is Kind.ROOT or where.values or where.lists or where.names):
            continue
        _check_names(where, problems)
        built_in = _built_in(tree.built_in, where)
        view = View(schema, where, built_in)
        for one in checks:
            found = next((key for key in one.keys if key in view.keys), None)
            if found and view.is_checked(one.struct):
                _run(view, found, one, problems)
        names_of = names_seen(where, built_in)
        if expands:
            check_expansion(configuration, view, names_of)
        check_services(configuration, view, names_of)


def _check_names(where: Filter, problems: list[Problem]) -> None:
    """Refuse databases inside named filters: ``auth_settings_get_passdbs`` asks for them outside."""
    if where.kind is Kind.ROOT:
        return
    for key in ("passdb", "userdb"):
        for name, origin in where.names.get(key, {}).items():
            if any(one.full_name for one in where.chain()) and not _is_outside(where, key, name) and origin.span:
                message = (
                    f"Failed to get {key} {name}: Filter {key}={name} unexpectedly not found "
                    "(invalid userdb or -o override settings?)"
                )
                problems.append(Problem(ProblemKind.INVALID_VALUE, escaped(message), origin.span))


def _is_outside(where: Filter, key: str, name: str) -> bool:
    """Whether a list filter is also opened around the named filters."""
    here = where.parent
    while here:
        if not any(one.full_name for one in here.chain()) and (Kind.LIST, key, name) in here.children:
            return True
        here = here.parent
    return False


def _built_in(root: Filter, where: Filter) -> Filter | None:
    here: Filter | None = root
    for one in reversed(list(where.chain())):
        here = here.children.get((one.kind, one.key, one.name)) if here else None
    return here


def _run(view: View, key: str, one: StructCheck, problems: list[Problem]) -> None:
    try:
        message = one.check(view)
    except (UnknownValueError, ValueRefusedError):
        return
    span = view.span(key)
    if message and span:
        problems.append(Problem(ProblemKind.INVALID_VALUE, escaped(message), span))


_CHECKS: Final = (*core_checks(), *mail_checks(), *plugin_checks())
