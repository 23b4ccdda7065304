"""Settings as Dovecot 2.2 and 2.3 hold them while reading: one tree of blocks for each filter, and how filters merge.

Follows src/lib-settings/settings-parser.c (``settings_find_key_nth``, ``get_deflist``, ``settings_apply``) and
``config_filter_parsers_get`` in src/config/config-filter.c (2.3.19.1). Keys are paths such as
``service/auth/unix_listener/auth-userdb/mode``; the daemon finds blocks by such paths in any case of letters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from auditor.dovecot.v23_table import Definition, Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.dovecot.v23_filters import Filter
    from auditor.dovecot.v23_table import Table
    from auditor.text import Origin, Span

_ESCAPES: Final = str.maketrans({"=": "\\e", "/": "\\s", "\\": "\\\\", " ": "\\_", ",": "\\+"})


def escaped_name(name: str) -> str:
    """Return a section's name as part of a path (``settings_section_escape``)."""
    return name.translate(_ESCAPES)


class AlreadyExistsError(ValueError):
    """A section that may stand only once stands twice; its text has the daemon's words."""


class Value(NamedTuple):
    """What a key was set to.

    ``shown`` is what ``doveconf -n`` prints, where only references to the same key are expanded; ``effective`` what the
    daemon uses. ``file`` is the absolute path of a ``<file``.
    """

    shown: str
    effective: str
    origin: Origin
    file: str | None = None
    literal: bool = True


@dataclass(slots=True, eq=False)
class Block:
    """One section, or the global settings: what was set in it, and the sections inside."""

    section: str
    """Its types from the top, such as ``service/unix_listener``; empty for the global settings."""
    name: str
    conditions: Filter
    span: Span | None = None
    """From the first opening line to the closing brace; None for what is built in."""
    origin: Origin | None = None
    builtin: Mapping[str, Any] | None = None
    """What a built-in service or listener sets, besides its listeners; None of a block that only the files have."""
    forgotten: set[str] = field(default_factory=set)
    """Keys of which the daemon does not know any more that they were set (``settings_changes_init``)."""
    values: dict[str, Value] = field(default_factory=dict)
    blocks: dict[str, list[Block]] = field(default_factory=dict)
    entries: dict[str, dict[str, Value]] = field(default_factory=dict)
    """String lists: ``plugin`` and ``dict``."""

    @property
    def kind(self) -> str:
        """Its own type, such as ``unix_listener``."""
        return self.section.rpartition("/")[2]

    def default(self, definition: Definition) -> str | None:
        """Return what a key is when it is not set."""
        builtin = self.builtin.get(definition.name) if self.builtin is not None else None
        return builtin if isinstance(builtin, str) else definition.default


@dataclass(slots=True, eq=False)
class Entries:
    """A string list as a place that keys can be set in."""

    values: dict[str, Value]


Place = Block | Entries


@dataclass(slots=True, eq=False)
class Layer:
    """All settings of one filter: ``struct config_filter_parser``."""

    table: Table
    filter: Filter
    opened_at: str
    """File and line, as the daemon names the filter in messages."""
    root: Block
    links: dict[str, Place] = field(default_factory=dict)

    def place(self, path: str) -> Place | None:
        """Return the block or list at a path, creating built-in services when they are first asked for."""
        known = self.links.get(path.lower())
        if known is not None:
            return known
        parts = path.split("/")
        if len(parts) == 2 and parts[0] == "service":
            return self._builtin_service(parts[1].lower())
        if len(parts) == 4 and parts[0] == "service":
            self._builtin_service(parts[1].lower())
            return self.links.get(path.lower())
        if len(parts) == 1 and (definition := self.table.top.get(path)) and definition.type is Type.STRLIST:
            return self._list(path)
        return None

    def _list(self, path: str) -> Entries:
        known = self.links.get(path)
        if not isinstance(known, Entries):
            known = self.links[path] = Entries(self.root.entries.setdefault(path, {}))
        return known

    def _builtin_service(self, name: str) -> Block | None:
        known = self.links.get(f"service/{name}")
        if known is not None or name not in self.table.services:
            return known if isinstance(known, Block) else None
        content = self.table.services[name]
        service = self._added("service", name, f"service/{name}", self.root, content)
        for kind in ("unix_listener", "fifo_listener", "inet_listener"):
            for listener, settings in content.get(kind, {}).items():
                path = f"service/{name}/{kind}/{escaped_name(listener)}"
                self._added(f"service/{kind}", listener, path, service, settings)
        return service

    def _added(self, section: str, name: str, path: str, parent: Block, builtin: Mapping[str, Any] | None) -> Block:
        block = Block(section, name, self.filter, builtin=builtin)
        parent.blocks.setdefault(block.kind, []).append(block)
        self.links[path.lower()] = block
        return block

    def add_builtin_services(self) -> None:
        """Create every built-in service."""
        for name in self.table.services:
            self._builtin_service(name)

    @property
    def renames_builtin(self) -> bool:
        """Whether a built-in service or listener has another name, such as ``service Imap``.

        Filters are joined by the names of sections, and every filter has the built-in ones under their own names.
        """
        return any(
            isinstance(place, Block)
            and place.builtin is not None
            and place.name != (last := path.rpartition("/")[2])
            and escaped_name(place.name) != last
            for path, place in self.links.items()
        )

    def find(self, path: str) -> tuple[Place, Definition | None] | None:
        """Return where a key belongs and its definition, None in a string list; None for an unknown key."""
        parent, slash, key = path.rpartition("/")
        if not slash:
            top = self.table.top.get(path)
            return (self.root, top) if top else None
        place = self.place(parent)
        if place is None:
            return None
        if isinstance(place, Entries):
            return place, None
        definition = self.table.sections[place.section].get(key)
        return (place, definition) if definition else None

    def add_section(self, path: str, identifier: str, parent: Block, definition: Definition) -> Place:
        """Open a section by its list's path and its name in paths (``get_deflist``); raises ``AlreadyExistsError``."""
        if definition.type is Type.STRLIST:
            entries = self._list(path)
            if identifier:
                self.links.setdefault(f"{path}/{identifier}".lower(), entries)
            return entries
        full = f"{path}/{identifier}"
        known = self.place(full)
        if known is not None:
            if definition.type is Type.DEFLIST_UNIQUE:
                return known
            raise AlreadyExistsError(f"{full} already exists")
        section = f"{parent.section}/{definition.name}" if parent.section else definition.name
        return self._added(section, "", full, parent, None)

    def value(self, key: str) -> tuple[Value | None, Definition, str | None] | None:
        """Return what a reference to a key finds here: what was set, its definition, and its default."""
        found = self.find(key)
        if found is None:
            return None
        place, definition = found
        if definition is None or not isinstance(place, Block):
            return None
        if definition.alias_of:
            definition = self.table.sections[place.section][definition.alias_of]
        return place.values.get(definition.name), definition, place.default(definition)


class Conflict(NamedTuple):
    """A setting that two matching filters set, neither of which is part of the other."""

    key: str
    value: Value
    layer: Layer

    @property
    def message(self) -> str:
        """In the daemon's words (``config_module_parser_apply_changes``)."""
        return f"Conflict in setting {self.key} found from filter at {self.layer.opened_at}"


def merged(layers: list[Layer], wanted: Filter) -> tuple[Block, Conflict | None]:
    """Return the settings that apply to a filter, and the first conflict between the filters that match.

    The most specific filter counts; passdbs and userdbs of all stand one after another, its own first.
    """
    matching = sorted(
        (layer for layer in layers if layer.filter.matches(wanted)), key=lambda one: one.filter.rank, reverse=True
    )
    complete = len(matching) > 1 and any(layer.renames_builtin for layer in matching)
    for layer in matching if complete else ():
        layer.add_builtin_services()
    root = Block("", "", wanted)
    conflict: Conflict | None = None
    for index, layer in enumerate(matching):
        strict = index > 0 and not layer.filter.covers(matching[index - 1].filter)
        for key, value in _apply(root, layer.root, is_first=index == 0, complete=complete):
            if strict and conflict is None:
                conflict = Conflict(key, value, layer)
    return root, conflict


def _apply(target: Block, source: Block, *, is_first: bool, complete: bool) -> Iterator[tuple[str, Value]]:
    """Add what another block sets; yields what both set, where the target's counts (``settings_apply``).

    A section that only the source has is copied. Unless the source is the first, the daemon forgets what was set in the
    copy, so that a section of that name in a still less specific filter counts more. ``complete``: both have all the
    built-in services, which are left out else where the files say nothing about them.
    """
    pending = [(target, source, False)]
    while pending:
        into, other, is_copy = pending.pop()
        for key, value in other.values.items():
            if key in into.values and key not in into.forgotten:
                yield key, value
                continue
            into.values[key] = value
            into.forgotten.discard(key)
            if is_copy and not is_first:
                into.forgotten.add(key)
        for kind, entries in other.entries.items():
            known = into.entries.setdefault(kind, {})
            for key, value in entries.items():
                known.setdefault(key, value)
        for kind, blocks in other.blocks.items():
            pending += _joined(into.blocks.setdefault(kind, []), blocks, complete=complete)


def _joined(known: list[Block], blocks: list[Block], *, complete: bool) -> list[tuple[Block, Block, bool]]:
    """Add blocks of a kind to a list; returns each with the one it belongs into, and whether that is a new one."""
    unique = bool(blocks) and blocks[0].section not in ("passdb", "userdb")
    by_name = {block.name: block for block in known if unique and block.name}
    pairs: list[tuple[Block, Block, bool]] = []
    for block in blocks:
        mine = by_name.get(block.name)
        if mine is None:
            mine = Block(block.section, block.name, block.conditions, block.span, block.origin, block.builtin)
            known.append(mine)
            if unique and block.name:
                by_name[block.name] = mine
            # Every filter has the built-in services from the beginning.
            pairs.append((mine, block, block.builtin is None or complete))
            continue
        if mine.span is None:
            mine.span, mine.origin = block.span, block.origin
        pairs.append((mine, block, False))
    return pairs
