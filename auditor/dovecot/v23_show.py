"""Settings by the names and in the order in which ``doveconf -n`` of 2.2 and 2.3 prints them.

Follows ``settings_export`` in src/config/config-request.c and ``config_dump_human`` in src/config/doveconf.c of
2.3.19.1.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from auditor.dovecot.configuration import Setting
from auditor.dovecot.v23_blocks import escaped_name
from auditor.dovecot.v23_secrets import hidden, is_secret
from auditor.dovecot.v23_table import Type
from auditor.text import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.dovecot.v23_blocks import Block, Value
    from auditor.dovecot.v23_table import Definition, Table

UNNAMED = ("passdb", "userdb")
"""Sections whose names doveconf does not print."""


class Wanted(Enum):
    """Which settings are shown."""

    CHANGED = "those that differ from their defaults"
    SET = "those that were set"
    ALL = "all"


class Item(NamedTuple):
    """A setting, or a section with the items inside."""

    sort_key: bytes
    name: str
    setting: Setting | None = None
    inside: tuple[Item, ...] = ()
    origin: Origin = Origin()
    """Of a section: where it opens."""


def label_of(block: Block) -> str:
    """Return how doveconf prints the type and name of a section, without quotes."""
    if not block.name or block.kind in UNNAMED:
        return block.kind
    name = block.name
    if " " in name:
        name = name.replace("\\", "\\\\").replace("'", "\\'").replace('"', "\\")
    return f"{block.kind} {name.replace(chr(34), '')}"


def numbered(blocks: Sequence[Block]) -> list[str]:
    """Return the labels of sections of one kind; passdbs, userdbs and namespaces without a name are numbered."""
    return _numbered([label_of(block) for block in blocks])


def _numbered(names: Sequence[str]) -> list[str]:
    labels: list[str] = []
    seen: dict[str, int] = {}
    for label in names:
        if label in (*UNNAMED, "namespace"):
            seen[label] = seen.get(label, -1) + 1
            labels.append(f"{label}#{seen[label]}")
        else:
            labels.append(label)
    return labels


def listed(root: Block, table: Table, wanted: Wanted, around: Sequence[str] = ()) -> Iterator[Setting]:
    """Yield the settings of a filter, each section before what it holds; ``around`` are the blocks of the filter."""
    items = _items(root, table, wanted)
    if not items:
        return
    prefix = ""
    for block in around:
        prefix += block.replace('"', "") + "/"
        yield Setting(prefix, "{}", root.origin or table.origin)
    pending = [(prefix, iter(items))]
    while pending:
        prefix, rest = pending[-1]
        item = next(rest, None)
        if item is None:
            pending.pop()
        elif item.setting:
            setting = item.setting
            yield Setting(
                prefix + item.name, setting.value, setting.origin, setting.file, setting.secret, setting.literal
            )
        else:
            yield Setting(f"{prefix}{item.name}/", "{}", item.origin)
            pending.append((f"{prefix}{item.name}/", iter(item.inside)))


def _order(text: str) -> bytes:
    """Make bytes compare as ``config_string_cmp`` compares them: as signed characters."""
    return bytes((byte + 128) % 256 for byte in text.encode("utf-8", "surrogateescape"))


def _items(block: Block, table: Table, wanted: Wanted) -> tuple[Item, ...]:
    """Return what a block shows, sorted; sections without anything to show are left out."""
    items = [
        Item(_order(key), key, _setting(key, value, shown, table)) for key, value, shown in _shown(block, table, wanted)
    ]
    for kind, entries in block.entries.items():
        inside = tuple(
            sorted(
                (Item(_order(key), key, _setting(key, value, value.shown, table)) for key, value in entries.items()),
                key=lambda item: item.sort_key,
            )
        )
        if inside:
            origin = next(item.setting.origin for item in inside if item.setting)
            items.append(Item(_order(f"{kind}/"), kind, None, inside, origin))
    for kind, blocks in block.blocks.items():
        for index, inner in enumerate(blocks):
            inside = _items(inner, table, wanted)
            if inside:
                name = escaped_name(inner.name) if inner.name and kind not in UNNAMED else str(index)
                origin = inner.origin or table.origin
                items.append(Item(_order(f"{kind}/{name}/"), label_of(inner), None, inside, origin))
    items.sort(key=lambda item: item.sort_key)
    # doveconf sorts the numbers of sections as texts: the eleventh one comes behind the second.
    labels = _numbered([item.name if item.setting is None else "" for item in items])
    return tuple(item._replace(name=label or item.name) for item, label in zip(items, labels, strict=True))


def _shown(block: Block, table: Table, wanted: Wanted) -> Iterator[tuple[str, Value | None, str]]:
    """Yield the keys of a block that are shown, what was set, and the text."""
    definitions = table.sections[block.section]
    name_key = table.name_key(block.section) if block.section else ""
    is_named = bool(block.section) and block.section not in UNNAMED
    keys = list(definitions if wanted is Wanted.ALL else block.values)
    if is_named and wanted is not Wanted.ALL:
        # Such a string is compared with its default and the mark for expansion before it, which always differ.
        keys += [key for key, one in definitions.items() if one.type is Type.STR_VARS and key not in block.values]
    for key in keys:
        definition = definitions[key]
        if (
            definition.type in (Type.ALIAS, Type.STRLIST)
            or definition.type.is_section
            or (is_named and key == name_key)
        ):
            continue
        value = block.values.get(key)
        default = block.default(definition)
        if value is None:
            if default is not None:
                yield key, None, default
            continue
        if is_named and key in block.forgotten and wanted is Wanted.CHANGED and definition.type is not Type.STR_VARS:
            continue
        if _is_shown(value, definition, default, wanted, is_named=is_named):
            yield key, value, value.shown


def _is_shown(value: Value, definition: Definition, default: str | None, wanted: Wanted, *, is_named: bool) -> bool:
    if wanted is not Wanted.CHANGED or is_named or definition.always_changed:
        return True
    return not definition.is_default(value.shown, default)


def _setting(key: str, value: Value | None, shown: str, table: Table) -> Setting:
    text = hidden(key, shown)
    if value is None:
        return Setting(key, text, table.origin)
    return Setting(key, text, value.origin, value.file, is_secret(key) and bool(shown), value.literal)
