"""The filters that Dovecot 2.4 has of its own: services with their listeners, groups, defaults of drivers.

Follows ``config_parser_add_services`` and ``config_parser_add_info_defaults`` in src/config/config-parser.c; the values
are those of ``auditor/data/dovecot-2.4.*.json``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from auditor.dovecot.v24_filters import Filter, Kind, ListValue, Tree, Value
from auditor.dovecot.v24_schema import Schema, Type, unescaped
from auditor.text import Origin

BuiltIn = str | Sequence[str] | Mapping[str, str]
"""A value, the words of a list that replaces others, or the elements of a list that adds to others."""
KEPT: Final = 8
"""Sets of built-in filters that are kept for the next instance."""


def new_tree(schema: Schema, config_version: str, start: Origin, *, shown: bool) -> Tree:
    """Return a tree that has the built-in filters only, with the values that a ``dovecot_config_version`` keeps.

    ``shown`` is the layout of ``doveconf -n``; else the values of a named filter that carry its name stand outside it.
    """
    built_in = _built_in(schema, config_version, shown=shown)
    return Tree(Filter(Kind.ROOT, "", "", None, 0, start), built_in.built_in, list(built_in.filters))


@lru_cache(maxsize=KEPT)
def _built_in(schema: Schema, config_version: str, *, shown: bool) -> Tree:
    """Return the tree of the built-in filters; no configuration changes them."""
    default = Origin(default_of=config_version)
    tree = Tree(Filter(Kind.ROOT, "", "", None, 0, default), Filter(Kind.ROOT, "", "", None, 1, default, built_in=True))
    for table in (schema.filters, schema.groups):
        for path, values in table.items():
            _add_built_in(tree, schema, path, values, config_version, default, shown=shown)
    _keep_old_defaults(tree, schema, config_version, default)
    return tree


def _add_built_in(
    tree: Tree,
    schema: Schema,
    path: str,
    values: Mapping[str, BuiltIn],
    config_version: str,
    default: Origin,
    *,
    shown: bool,
) -> None:
    here = _built_in_filter(tree, schema, path, config_version, default)
    if here is None:
        return
    for key, found in values.items():
        old = schema.old_default(path, key, config_version) if key in schema.changed_defaults else None
        where = here
        if not shown and here.kind is Kind.NAMED and here.parent and key.startswith(here.key + "_"):
            where = here.parent
        _set_built_in(where, schema, key, found if old is None else old, default)


def _set_built_in(here: Filter, schema: Schema, key: str, found: BuiltIn, default: Origin) -> None:
    """Put a built-in value into a filter; a list may be given as it is written."""
    if not schema.settings[key].type.is_list:
        here.values[key] = Value(str(found), default, late="$SET:" in str(found))
        return
    words = found.split() if isinstance(found, str) else found
    elements = words if isinstance(words, Mapping) else dict.fromkeys(words, "yes")
    values = {name: Value(text, default) for name, text in elements.items()}
    here.lists[key] = ListValue(values, replaces=words is not elements, origin=default)


def _built_in_filter(tree: Tree, schema: Schema, path: str, config_version: str, default: Origin) -> Filter | None:
    """Return the filter of a path, made where it is missing; None when an older configuration does not have it."""
    here = tree.built_in
    parts = path.split("/") if path else []
    done: list[str] = []
    while parts:
        key = parts.pop(0)
        if key.startswith("@"):
            here = tree.child(here, Kind.GROUP, key, unescaped(parts.pop(0)), default)
        elif schema.settings[key].type is Type.FILTER_NAME:
            here = tree.child(here, Kind.NAMED, key, "", default)
        else:
            name = unescaped(parts.pop(0))
            kept = schema.old_default("/".join(done), key, config_version) if key in schema.changed_defaults else None
            if kept is not None and name not in kept.split(","):
                return None
            here.names.setdefault(key, {})[name] = default
            here = tree.child(here, Kind.LIST, key, name, default)
            here.values[schema.settings[key].name_field] = Value(name, default)
        here.complete = True
        done.append(here.full_name)
    return here


def _keep_old_defaults(tree: Tree, schema: Schema, config_version: str, default: Origin) -> None:
    """Put the old defaults of an older ``dovecot_config_version`` into the built-in root, before all of the structs."""
    for key in schema.changed_defaults:
        old = schema.old_default("", key, config_version)
        if old is not None and key in schema.settings and not schema.settings[key].type.is_filter:
            _set_built_in(tree.built_in, schema, key, old, default)
