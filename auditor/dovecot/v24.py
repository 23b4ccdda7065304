"""The meaning of Dovecot 2.4's configuration files.

All settings are flat and global; sections are filters that say where a value applies. The daemons read a file with
``config_parse_file`` (src/config/config-parser.c) and ask with ``settings_get`` (src/lib-settings/settings.c).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from auditor.dovecot.configuration import GLOBAL, Configuration, Scope, Section, Setting
from auditor.dovecot.includes import Read, Reader
from auditor.dovecot.v24_advice import Adviser
from auditor.dovecot.v24_apply import Applier
from auditor.dovecot.v24_built_in import new_tree
from auditor.dovecot.v24_checks import check_all
from auditor.dovecot.v24_filters import Filter, Kind, Name, Tree, Value
from auditor.dovecot.v24_header import Header
from auditor.dovecot.v24_lookup import Lookup
from auditor.dovecot.v24_schema import HEREDOC, Schema, Type, number_of, schema_of
from auditor.dovecot.v24_set import is_secret
from auditor.dovecot.v24_shown import label_of, merged, shown_settings
from auditor.finding import Problem, ProblemKind
from auditor.text import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditor.host import Host
    from auditor.text import SourceFile, Span


def interpret(host: Host, main: SourceFile, version: str, version_from: str) -> Configuration24:
    """Return what a main file and its includes mean to a version such as ``2.4.1``."""
    reader = Reader(host, "2.4", version)
    configuration = Configuration24(
        dialect="2.4",
        version=version,
        version_from=version_from,
        main_file=main,
        files=reader.files,
        problems=reader.problems,
        not_checked=reader.not_checked,
        schema=schema_of(version),
    )
    configuration.read(reader)
    return configuration


@dataclass(kw_only=True, eq=False)
class Configuration24(Configuration):
    """What a main file of Dovecot 2.4 and its includes mean."""

    schema: Schema
    config_version: str = ""
    """``dovecot_config_version``, the version itself where there is none that it knows."""
    header_span: Span | None = None
    reads: list[Read] = field(default_factory=list)
    tree: Tree = field(init=False)

    def read(self, reader: Reader) -> None:
        """Take in the statements; what is refused goes into ``problems``."""
        header = Header(self.schema, self.problems)
        adviser = Adviser(self.schema)
        applier: Applier | None = None
        for read in reader.read(self.main_file):
            if header.takes(read.statement):
                continue
            self.reads.append(read)
            if applier is None:
                applier = self._applier(header.config_version, adviser, shown=False)
            applier.apply(read)
        header.finish()
        self.config_version = header.config_version
        self.header_span = header.span
        if applier is None:
            applier = self._applier(header.config_version, adviser, shown=False)
        applier.finish()
        self.tree = applier.tree
        self._check_storage_version()
        check_all(self)

    def _applier(self, config_version: str, adviser: Adviser, *, shown: bool) -> Applier:
        tree = new_tree(self.schema, config_version, Origin(self.main_file.span(0, 0)), shown=shown)
        problems, not_checked = ([], []) if shown else (self.problems, self.not_checked)
        return Applier(self.schema, tree, adviser, problems, not_checked, shown=shown)

    def _check_storage_version(self) -> None:
        version = self.tree.root.values.get("dovecot_storage_version")
        if version is None or not version.text:
            message = "dovecot_storage_version setting must be set"
            span = (version.span if version else None) or self.main_file.line_span(1)
            self.problems.append(Problem(ProblemKind.INVALID_VALUE, message, span))

    @cached_property
    def lookup(self) -> Lookup:
        """The index of what applies where."""
        return Lookup(self.tree)

    @cached_property
    def connection_filters(self) -> list[Filter]:
        """The filters about connections, in file order."""
        return [one for one in self.tree.filters if one.kind.is_connection]

    @cached_property
    def shown_tree(self) -> Tree:
        """The same statements in the layout of ``doveconf -n``."""
        applier = self._applier(self.config_version, Adviser(self.schema), shown=True)
        for read in self.reads:
            applier.apply(read)
        applier.finish()
        return applier.tree

    # The contract

    def get(self, name: str, scope: Scope = GLOBAL) -> Setting | None:
        """Return a setting's effective value; ``ssl_client/ssl_cipher_list`` asks inside a named filter."""
        *path, key = name.split("/")
        return self.setting(key, frozenset((part, "") for part in path), scope, name)

    def items(self, name: str, scope: Scope = GLOBAL) -> Sequence[Setting]:
        """Return the entries of a boolean or string list."""
        *path, key = name.split("/")
        return self.entries(key, frozenset((part, "") for part in path), scope)

    def sections(self, kind: str, scope: Scope = GLOBAL) -> Sequence[Section]:
        """Return the top-level blocks of a kind, the built-in ones included, in the daemon's order.

        The auth service asks a protocol's passdbs before the global ones, whatever their names and their order in the
        file (tried on a running 2.4.1, by ``log_debug = category=auth``).
        """
        found = [
            Section24(self, kind, name, (), scope, origin)
            for name, origin in self.lookup.names(kind, frozenset(), scope).items()
        ]
        if kind in ("passdb", "userdb"):
            found.sort(key=lambda section: not section.conditions.protocol)
        return found

    def scopes(self) -> Sequence[Scope]:
        """Return the scope of every connection filter."""
        return list(dict.fromkeys(_scope_of(one) for one in self.connection_filters))

    def settings(self, scope: Scope | None = None, *, defaults: bool = False) -> Mapping[str, Setting]:
        """Return what ``doveconf -n`` prints, with a scope ``doveconf -n -f``.

        Nested filters are merged in the order of the file; doveconf merges some of them in another order.
        """
        if scope is None and not defaults:
            return self._changed
        tree = self.shown_tree
        root = tree.root if scope is None else merged(tree, scope, with_groups=self.schema.number >= HEREDOC)
        return shown_settings(self, root, defaults=defaults)

    @cached_property
    def _changed(self) -> Mapping[str, Setting]:
        return shown_settings(self, self.shown_tree.root, defaults=False)

    # For sections and checks

    def section_in(self, where: Filter, kind: str, name: str) -> Section24:
        """Return a list filter of a filter, as a process that this filter is about sees it."""
        outer = tuple((one.key, one.name) for one in reversed(list(where.chain())) if one.kind is Kind.LIST)
        origin = where.names.get(kind, {}).get(name, self.tree.built_in.origin)
        return Section24(self, kind, name, outer, _scope_of(where), origin)

    def setting(self, key: str, names: frozenset[Name], scope: Scope, name: str) -> Setting | None:
        """Return the effective value of a full key inside named filters."""
        definition = self.schema.settings.get(key)
        if definition is None or definition.type.is_filter:
            return None
        if definition.type.is_list:
            found, origin = self.lookup.elements(key, names, scope)
            text = " ".join(element for element, value in found.items() if value.text != "no")
            return Setting(name, text, origin or self.tree.built_in.origin)
        value = self.lookup.value(key, names, scope) or Value(definition.default, self.tree.built_in.origin)
        if value.late:
            value = self._expanded(key, value)
        return self.as_setting(name, key, value)

    def entries(self, key: str, names: frozenset[Name], scope: Scope) -> list[Setting]:
        """Return the entries of a list inside named filters; what is switched off is left out."""
        definition = self.schema.settings.get(key)
        if definition is None or not definition.type.is_list:
            return []
        found, _ = self.lookup.elements(key, names, scope)
        is_boolean = definition.type is Type.BOOLLIST
        return [
            self.as_setting(element, f"{key}/{element}", value)
            for element, value in found.items()
            if not is_boolean or value.text.lower() != "no"
        ]

    def as_setting(self, name: str, key: str, value: Value) -> Setting:
        """Return a value as the contract has it."""
        definition = self.schema.get(key)
        secret = definition is not None and is_secret(definition, key, value)
        return Setting(name, value.text, value.origin, self._file(key, value), secret, value.literal and not value.late)

    def _file(self, key: str, value: Value) -> str | None:
        """Return the file that a value names, as an absolute path."""
        definition = self.schema.get(key)
        is_path = definition is not None and definition.type is Type.FILE
        if value.heredoc or not value.file or is_path is value.is_file:
            return None
        path = value.text.removeprefix("<") if value.is_file else value.text
        if not path or path.startswith("inline:"):
            return None
        return path if path.startswith("/") else value.file.name.rpartition("/")[0] + "/" + path

    def _expanded(self, key: str, value: Value) -> Value:
        """Expand the ``$SET:`` of a built-in value."""
        full_name = value.text.removeprefix("$SET:")
        inner = self.lookup.value(full_name.rpartition("/")[2])
        definition = self.schema.settings.get(full_name)
        text = inner.text if inner else definition.default if definition else ""
        return Value(text, value.origin, literal=inner.literal if inner else bool(key))


class Section24(Section):
    """A named list filter with a name of its own, as a process of a scope sees it."""

    def __init__(
        self, owner: Configuration24, kind: str, name: str, outer: tuple[Name, ...], scope: Scope, origin: Origin
    ) -> None:
        """``outer`` are the list filters around it."""
        self.kind = kind
        self.name = name
        self.origin = origin
        self._owner = owner
        self._outer = outer
        self._scope = scope
        opened = self._filter()
        self.label = label_of(opened) if opened else "/".join(f"{key} {own}" for key, own in (*outer, (kind, name)))
        self.conditions = _scope_of(opened) if opened else GLOBAL
        self.span: Span = (opened.span if opened else None) or origin.span or owner.main_file.span(0, 0)

    def _filter(self) -> Filter | None:
        """Return the filter that the section was opened as first, nothing when it is built in."""
        wanted = [*self._outer, (self.kind, self.name)]
        tree = self._owner.tree
        for start in chain((tree.root,), self._owner.connection_filters):
            here: Filter | None = start
            for key, name in wanted:
                here = here.children.get((Kind.LIST, key, name)) if here else None
            if here and (start.kind is Kind.ROOT or all(one.matches(self._scope) for one in start.chain())):
                return here
        return None

    @cached_property
    def _names(self) -> frozenset[Name]:
        own = {*self._outer, (self.kind, self.name)}
        driver_key = f"{self.kind}_driver"
        if self.kind in ("passdb", "userdb"):
            # ``auth_driver_filter`` in src/auth/auth-common.h: what is built in for passdb_ldap applies to its passdbs.
            # Before 2.4.3 the hyphen of passwd-file stayed, so that nothing applied to it (tried on 2.4.1 and 2.4.5).
            driver = self._owner.lookup.value(driver_key, frozenset(own), self._scope)
            name = f"{self.kind}_{(driver.text if driver else '') or self.name}"
            known = number_of(self._owner.config_version) >= (2, 4, 3)
            own.add((name.replace("-", "_") if known else name, ""))
        return frozenset(own)

    def get(self, key: str) -> Setting | None:
        """Return the effective value of a setting by its full name; a passdb's driver is its name where none is set."""
        found = self._owner.setting(key, self._names, self._scope, key)
        if found and not found.value and key == f"{self.kind}_driver":
            return Setting(key, self.name, self.origin)
        return found

    def items(self, key: str) -> Sequence[Setting]:
        """Return the entries of a boolean or string list by its full name."""
        return self._owner.entries(key, self._names, self._scope)

    def sections(self, kind: str) -> Sequence[Section]:
        """Return the blocks of a kind inside this one, the built-in ones included, in the daemon's order."""
        outer = (*self._outer, (self.kind, self.name))
        return [
            Section24(self._owner, kind, name, outer, self._scope, origin)
            for name, origin in self._owner.lookup.names(kind, self._names, self._scope).items()
        ]


def _scope_of(one: Filter) -> Scope:
    found = {step.kind.value: step.name for step in reversed(list(one.chain())) if step.kind.is_connection}
    return Scope(**found)
