"""The meaning of a Dovecot 2.2 or 2.3 configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from auditor.dovecot.configuration import GLOBAL, Configuration, Scope, Section, Setting
from auditor.dovecot.includes import Reader
from auditor.dovecot.v23_blocks import Block, Layer, Value, merged
from auditor.dovecot.v23_candidates import Candidates
from auditor.dovecot.v23_checks import check
from auditor.dovecot.v23_filters import Filter
from auditor.dovecot.v23_parse import Interpreter
from auditor.dovecot.v23_secrets import is_secret, secret_parts
from auditor.dovecot.v23_show import Wanted, listed, numbered
from auditor.dovecot.v23_table import Table, table_for
from auditor.finding import ProblemKind
from auditor.syntax.dovecot import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from auditor.host import Host
    from auditor.syntax.dovecot import Statement
    from auditor.text import SourceFile, Span

MAX_KEPT: Final = 256
"""Scopes whose settings are kept for the next question."""
_VARIABLES: Final = ("default_internal_user", "default_login_user", "default_internal_group")
"""What built-in settings refer to; the master process expands them (``expand_user``, src/master/master-settings.c)."""


@dataclass(kw_only=True, eq=False)
class Configuration23(Configuration):
    """What one main file of the older dialect and its includes mean."""

    table: Table
    layers: list[Layer] = field(repr=False)
    _merged: dict[tuple[int, ...], Block] = field(default_factory=dict, repr=False)
    _matches: dict[Scope, list[Layer]] = field(default_factory=dict, repr=False)

    def root(self, scope: Scope) -> Block:
        """Return the global settings as they are for a scope: one block for all scopes that the same filters match."""
        layers = self._matching(scope)
        matching = tuple(map(id, layers))
        known = self._merged.get(matching)
        if known is None:
            if len(self._merged) >= MAX_KEPT:
                self._merged.clear()
            known = self._merged[matching] = merged(layers, Filter.of(scope))[0]
        return known

    def setting(self, root: Block, block: Block, key: str, prefix: str = "") -> Setting | None:
        """Return a key's effective value in a block."""
        definition = self.table.single[block.section].get(key)
        if definition is None:
            return None
        value = block.values.get(definition.name)
        default = block.default(definition)
        if value:
            # Of what it forgot to be set the daemon tells its processes only what differs from the default.
            if definition.name in block.forgotten and definition.is_default(value.effective, default):
                value = value._replace(effective=default or "")
            return effective(prefix + definition.name, value)
        return self._default(root.values.get, default or "", prefix + definition.name)

    def _default(self, value_of: Callable[[str], Value | None], text: str, name: str) -> Setting:
        if text.startswith("$") and text[1:] in _VARIABLES and text[1:] in self.table.top:
            value = value_of(text[1:])
            if value:
                return effective(name, value)
            text = self.table.top[text[1:]].default or ""
        return Setting(name, text, self.table.origin)

    @cached_property
    def _candidates(self) -> Candidates:
        return Candidates(self.layers)

    def _matching(self, scope: Scope) -> list[Layer]:
        """Return the layers that apply to a scope, the most specific first."""
        known = self._matches.get(scope)
        if known is None:
            if len(self._matches) >= MAX_KEPT:
                self._matches.clear()
            wanted = Filter.of(scope)
            layers = [layer for layer in self._candidates.of(wanted) if layer.filter.matches(wanted)]
            known = self._matches[scope] = sorted(layers, key=lambda one: one.filter.rank, reverse=True)
        return known

    def get(self, name: str, scope: Scope = GLOBAL) -> Setting | None:
        """Return a setting's effective value for a scope, its default included."""
        definition = self.table.single[""].get(name)
        if definition is None:
            return None
        layers = self._matching(scope)

        def value_of(key: str) -> Value | None:
            return next((layer.root.values[key] for layer in layers if key in layer.root.values), None)

        value = value_of(definition.name)
        if value:
            return effective(definition.name, value)
        return self._default(value_of, definition.default or "", definition.name)

    def items(self, name: str, scope: Scope = GLOBAL) -> Sequence[Setting]:
        """Return the pairs of ``plugin`` or ``dict``."""
        return [effective(key, value) for key, value in self.root(scope).entries.get(name, {}).items()]

    def sections(self, kind: str, scope: Scope = GLOBAL) -> Sequence[Section]:
        """Return the top-level blocks of a kind that apply to a scope, a protocol's passdbs first."""
        root = self.root(scope)
        return sections_of(self, root, root, kind, "")

    def scopes(self) -> Sequence[Scope]:
        """Return the scope of every filter, in the order in which the files open them."""
        return [layer.filter.scope for layer in self.layers[1:]]

    def settings(self, scope: Scope | None = None, *, defaults: bool = False) -> Mapping[str, Setting]:
        """Return what ``doveconf -n`` prints, or ``doveconf -n -f`` for a scope."""
        return self._listed(scope or GLOBAL, defaults=defaults) if scope or defaults else self._changed

    @cached_property
    def _changed(self) -> Mapping[str, Setting]:
        return self._listed(GLOBAL, defaults=False)

    def _listed(self, scope: Scope, *, defaults: bool) -> Mapping[str, Setting]:
        wanted = Filter.of(scope)
        shown = {
            one.name: one for one in listed(self.root(scope), self.table, Wanted.ALL if defaults else Wanted.CHANGED)
        }
        for layer in sorted(self.layers[1:], key=lambda one: one.filter.rank):
            if _is_subset(layer.filter, wanted):
                for one in listed(layer.root, self.table, Wanted.SET, layer.filter.blocks):
                    shown.setdefault(one.name, one)
        return shown


def _is_subset(mask: Filter, wanted: Filter) -> bool:
    """Whether ``doveconf -f`` prints the block of a filter (``config_filter_find_subset``, config-filter.c)."""
    if wanted.protocol is not None and not mask.matches_protocol(wanted):
        return False
    relevant = Filter(
        None,
        mask.local if wanted.local else None,
        mask.local_name if wanted.local_name is not None else None,
        mask.remote if wanted.remote else None,
    )
    return relevant.matches_rest(wanted)


def effective(name: str, value: Value) -> Setting:
    """Return a value as the daemon uses it."""
    key = name.rpartition("/")[2]
    return Setting(
        name, value.effective, value.origin, value.file, is_secret(key) and value.file is None, value.literal
    )


class Section23(Section):
    """One block; ``get`` takes the keys as the block spells them."""

    def __init__(self, configuration: Configuration23, root: Block, block: Block, label: str) -> None:
        """Show a block of a configuration under a label."""
        self._configuration = configuration
        self._root = root
        self._block = block
        self.kind = block.kind
        self.name = block.name
        self.label = label
        self.conditions = block.conditions.scope
        self.span: Span = block.span or configuration.main_file.span(0, 0)
        self.origin = block.origin or configuration.table.origin

    def get(self, key: str) -> Setting | None:
        """Return the effective value of a key, its default included; None when the version has no such key."""
        return self._configuration.setting(self._root, self._block, key, f"{self.label}/")

    def items(self, key: str) -> Sequence[Setting]:
        """Return the entries of a string list; in this dialect no block inside another has one."""
        return [effective(name, value) for name, value in self._block.entries.get(key, {}).items()]

    def sections(self, kind: str) -> Sequence[Section]:
        """Return the blocks of a kind inside this one."""
        return sections_of(self._configuration, self._root, self._block, kind, f"{self.label}/")


def sections_of(configuration: Configuration23, root: Block, block: Block, kind: str, prefix: str) -> list[Section]:
    """Return the blocks of a kind inside another."""
    blocks = block.blocks.get(kind, [])
    return [
        Section23(configuration, root, one, prefix + label) for one, label in zip(blocks, numbered(blocks), strict=True)
    ]


def interpret(host: Host, main: SourceFile, version: str, version_from: str) -> Configuration:
    """Return what a main file means to a version such as ``2.3.19``."""
    table = table_for(version, debian=version_from == "dpkg")
    reader = Reader(host, "2.3", version)
    interpreter = Interpreter(table, version, main.name)
    # Both append in the order of reading.
    interpreter.problems, interpreter.not_checked = reader.problems, reader.not_checked
    for read in reader.read(main):
        mark_secrets(read.statement)
        interpreter.apply(read)
    interpreter.finish()
    configuration = Configuration23(
        dialect="2.3",
        version=version,
        version_from=version_from,
        main_file=main,
        files=reader.files,
        # A file that includes itself is read many times.
        problems=list(dict.fromkeys(reader.problems)),
        not_checked=reader.not_checked,
        table=table,
        layers=interpreter.layers,
    )
    if not any(problem.kind is not ProblemKind.INCLUDE_WITHOUT_MATCH for problem in reader.problems):
        problems, not_checked = check(configuration.layers, table, main)
        configuration.problems += problems
        configuration.not_checked += not_checked
    return configuration


def mark_secrets(statement: Statement) -> None:
    """Have the secrets of an assignment hidden wherever its text is shown."""
    if statement.kind not in (Kind.SETTING, Kind.VARIABLE):
        return
    span = statement.value_span
    if is_secret(statement.key.rpartition("/")[2]):
        statement.file.mark_secret(span.start, span.end)
        return
    for start, end in secret_parts(span.text):
        statement.file.mark_secret(span.start + start, span.start + end)
