"""The configuration of Dovecot 2.4 as ``doveconf -n`` shows it.

Follows ``config_dump_human_output`` and ``config_dump_human_filter_path`` in src/config/doveconf.c, and
``settings_export`` in src/config/config-request.c: which values, under which names and in which order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.dovecot.configuration import Setting
from auditor.dovecot.v24_filters import Filter, Kind, ListValue, Tree, Value, match
from auditor.dovecot.v24_schema import Definition, Schema, Type, unescaped
from auditor.dovecot.v24_secrets import HIDDEN, without_secrets
from auditor.text import Origin

if TYPE_CHECKING:
    from auditor.dovecot.configuration import Scope
    from auditor.dovecot.v24 import Configuration24

NUMBERED: Final = ("passdb", "userdb", "namespace")
"""Blocks that are numbered where they have no name, as ``namespace/hidden = yes`` makes one."""
_QUOTED_NAME: Final = frozenset(" \"{=<'$")
_QUOTED_ELEMENT: Final = frozenset(' "\\#=')


def label_of(one: Filter) -> str:
    """Return the name that a block has in ``mailaudit settings``: ``service imap/inet_listener imaps``."""
    return "/".join(_block(step) for step in reversed(list(one.chain())))


def _block(one: Filter) -> str:
    """Return the line that begins a block, without quotes and brace."""
    if one.kind is Kind.NAMED:
        return f"{one.key}#0" if one.key in NUMBERED else one.key
    if one.kind.is_connection:
        return f"{one.kind} {one.name}"
    name = unescaped(one.name)
    if _QUOTED_NAME.intersection(name):
        name = name.replace("\\", "\\\\").replace("'", "\\'").replace('"', "\\")
    return f"{'group ' if one.kind is Kind.GROUP else ''}{one.key} {name}"


def merged(tree: Tree, scope: Scope, *, with_groups: bool) -> Filter:
    """Return the filters that are left when a scope is known: those that match are part of what is around them.

    ``config_parse_merge_filters`` in src/config/config-parser.c: the filters that match are merged in the order in
    which values apply, each with all inside it; what a merge adds to the filters is merged last. ``with_groups`` is
    2.4.5, which puts what a filter includes in place of the groups.
    """
    root = _copy(tree.root, None)
    copies = {id(tree.root): root}
    for one in tree.filters:
        parent = copies.get(id(one.parent))
        if parent and not one.built_in:
            copies[id(one)] = parent.children[_key(one)] = _copy(one, parent)
    pending = sorted(list(copies.values())[1:], key=lambda one: (*one.counts, one.order))
    dropped: set[int] = set()

    def merge(target: Filter, source: Filter) -> None:
        dropped.add(id(source))
        _overlay(target, source)
        for child in source.children.values():
            inner = target.children.get(_key(child))
            if inner is None:
                inner = target.children[_key(child)] = _copy(child, target)
                pending.append(inner)
            merge(inner, child)

    for one in pending:
        state = match(one, scope) if one.kind.is_connection else -1
        if state == 0:
            dropped.add(id(one))
        elif state == 1 and one.parent:
            _take_groups(tree, one, with_groups=with_groups)
            merge(one.parent, one)
    _drop(root, dropped)
    return root


def _take_groups(tree: Tree, one: Filter, *, with_groups: bool) -> None:
    """Put the settings of the groups that a filter includes into it, and likewise inside."""
    if not with_groups:
        return
    for label, value in one.groups.items():
        if group := tree.group(label, value.text):
            _add_missing(one, group)
    one.groups = {}
    for child in one.children.values():
        _take_groups(tree, child, with_groups=with_groups)


def _add_missing(target: Filter, source: Filter) -> None:
    target.values = source.values | target.values
    target.lists = source.lists | target.lists
    for child in source.children.values():
        inner = target.children.get(_key(child))
        if inner is None:
            inner = target.children[_key(child)] = Filter(child.kind, child.key, child.name, target, 0, child.origin)
        _add_missing(inner, child)


def _key(one: Filter) -> tuple[Kind, str, str]:
    return one.kind, one.key, one.name


def _drop(one: Filter, dropped: set[int]) -> None:
    one.children = {key: child for key, child in one.children.items() if id(child) not in dropped}
    for child in one.children.values():
        _drop(child, dropped)


def _copy(one: Filter, parent: Filter | None) -> Filter:
    """Return a filter with its values, without what is inside."""
    copy = Filter(one.kind, one.key, one.name, parent, one.order, one.origin, one.bits)
    _overlay(copy, one)
    return copy


def _overlay(target: Filter, one: Filter) -> None:
    target.values.update(one.values)
    target.lists.update(one.lists)
    target.groups.update(one.groups)


class _Printer:
    """Collects what is printed, under its joined name."""

    def __init__(self, owner: Configuration24, *, defaults: bool) -> None:
        self.found: dict[str, Setting] = {}
        self._owner = owner
        self._schema: Schema = owner.schema
        self._defaults = defaults

    def add(self, name: str, key: str, value: Value) -> None:
        """Print one value under a name; ``key`` is its full key."""
        setting = self._owner.as_setting(name, key, value)
        text, hidden = without_secrets(key, shown_text(value), self._schema)
        if setting.secret and not hidden:
            text, hidden = HIDDEN, True
        self.found[name] = Setting(name, text, setting.origin, setting.file, hidden, setting.literal)

    def open(self, one: Filter, path: str) -> None:
        """Print the line that begins a block."""
        if path and path not in self.found:
            self.found[path] = Setting(path, "{}", one.origin)

    def filter(self, one: Filter, path: str) -> bool:
        """Print a filter and those inside; return whether there was anything to print."""
        before = len(self.found)
        keys = self._keys(one)
        if keys or one.groups:
            self._open_all(one, path)
        for key in keys:
            definition = self._schema.settings[key]
            name = path + self._short(one, key)
            if key in one.lists:
                self._list(name, definition, one.lists[key])
            elif not (definition.name == self._name_field(one) and one.values[key].text == one.name):
                self.add(name, key, one.values[key])
        if one.kind is not Kind.ROOT:
            self._groups(one, path)
        for child in one.children.values():
            if child.built_in and not one.built_in:
                continue  # A built-in group that the file adds to is not shown.
            self.filter(child, f"{path}{_block(child)}/")
        if one.kind is Kind.ROOT:
            self._groups(one, path)
        return len(self.found) > before

    def _open_all(self, one: Filter, path: str) -> None:
        """Print the blocks around a filter, too, which have nothing of their own."""
        chain = list(one.chain())
        paths = [path]
        for step in chain[:-1]:
            paths.append(paths[-1][: -len(_block(step)) - 1])
        for step, outer in zip(reversed(chain), reversed(paths), strict=True) if chain else ():
            self.open(step, outer)

    def _keys(self, one: Filter) -> list[str]:
        """Return the settings that are printed, in doveconf's order."""
        keys = [key for key in one.values if one.kind is not Kind.ROOT or self._is_changed(key, one.values[key])]
        return sorted((*keys, *one.lists), key=lambda key: key.encode("utf-8", "surrogateescape"))

    def _is_changed(self, key: str, value: Value) -> bool:
        definition = self._schema.settings[key]
        return self._defaults or definition.defaults_differ or value.text != definition.default or value.heredoc

    def _name_field(self, one: Filter) -> str:
        definition = self._schema.settings.get(one.key) if one.kind is Kind.LIST else None
        return definition.name_field if definition else ""

    def _groups(self, one: Filter, path: str) -> None:
        for label, value in one.groups.items():
            self.found[f"{path}@{label}"] = Setting(f"{path}@{label}", value.text, value.origin)

    def _short(self, one: Filter, key: str) -> str:
        """Return a key as it is printed inside a block (``try_strip_prefix``)."""
        if not one.full_name:
            return key
        prefix = f"{one.key}_"
        if not one.is_array:
            return key.removeprefix(prefix)
        longer = f"{one.full_name.replace('/', '_')}_"
        if key.startswith(longer):
            return key.removeprefix(longer)
        short = key.removeprefix(prefix)
        return key if longer + short in self._schema.settings else short

    def _list(self, name: str, definition: Definition, found: ListValue) -> None:
        origin = found.origin or Origin()
        if definition.type is Type.BOOLLIST and found.replaces:
            words = [element for element, value in found.elements.items() if value.text == "yes"]
            text = words[0] if len(words) == 1 else " ".join(_element(word) for word in words)
            self.found[name] = Setting(name, text, origin)
            return
        if found.replaces or not found.elements:
            self.found[name] = Setting(name, "", origin)
        if not found.elements:
            return
        self.found[f"{name}/"] = Setting(f"{name}/", "{}", origin)
        elements = found.elements.items()
        if definition.type is Type.STRLIST:
            elements = dict(
                sorted(elements, key=lambda item: item[0].partition("=")[0].encode("utf-8", "surrogateescape"))
            ).items()
        for element, value in elements:
            self.add(f"{name}/{element}", f"{definition.name}/{element}", value)


def _element(word: str) -> str:
    if not _QUOTED_ELEMENT.intersection(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("'", "\\'")
    return f'"{escaped}"'


def shown_text(value: Value) -> str:
    """Return a value as it is read back from what doveconf prints; the last line end of a heredoc is not part of it."""
    return value.text.removesuffix("\n") if value.heredoc else value.text


def shown_settings(owner: Configuration24, root: Filter, *, defaults: bool) -> dict[str, Setting]:
    """Return what is printed for the filters below a root."""
    printer = _Printer(owner, defaults=defaults)
    if owner.header_span:
        origin = Origin(owner.header_span)
        printer.found["dovecot_config_version"] = Setting("dovecot_config_version", owner.config_version, origin)
    printer.filter(root, "")
    if defaults:
        _add_defaults(printer, owner)
    return printer.found


def _add_defaults(printer: _Printer, owner: Configuration24) -> None:
    """Add every setting that has only its default, and the built-in blocks."""
    built_in = _Printer(owner, defaults=True)
    built_in.filter(owner.shown_tree.built_in, "")
    for name, setting in built_in.found.items():
        printer.found.setdefault(name, setting)
    origin = owner.shown_tree.built_in.origin
    for name, definition in owner.schema.settings.items():
        if not definition.type.is_filter and name not in printer.found and f"{name}/" not in printer.found:
            printer.found[name] = Setting(name, definition.default, origin)
