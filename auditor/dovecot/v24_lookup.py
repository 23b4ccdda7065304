"""What a setting of Dovecot 2.4 is for a process: which of the filters that match has the last word.

Follows the settings client, ``settings_mmap_apply`` in src/lib-settings/settings.c. It goes through the filters of the
configuration from the last to the first, sorted by the number of named list filters, of named filters, and by the
order of opening (``config_parser_filter_cmp``); then come the global settings, then the built-in filters in the same
way, then the built-in global settings, then the defaults in the structs. A group has its turn right after the filter
that includes it. The first value found counts; lists are put together until a filter replaces them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from auditor.dovecot.configuration import GLOBAL, Scope
from auditor.dovecot.v24_built_in import KEPT
from auditor.dovecot.v24_filters import Filter, Kind, ListValue, Name, Tree, Value, single_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.text import Origin

Rank = tuple[int, int, int, int, int]


class _Entry(NamedTuple):
    """A filter that has something to say about a key, itself or through a group that it includes."""

    rank: Rank
    where: Filter
    source: Filter

    def matches(self, names: frozenset[Name], scope: Scope) -> bool:
        for one in self.where.chain():
            if one.kind.is_connection:
                if not one.matches(scope):
                    return False
            elif (one.key, one.name) not in names:
                return False
        if self.source is self.where:
            return True
        return all((one.key, one.name) in names for one in self.source.chain() if one.kind is not Kind.GROUP)


class _Entries:
    """The entries of one key and name, the one with the last word first.

    A host may have a block for each of thousands of server names or addresses: those are looked up, not tried.
    """

    __slots__ = ("_narrow", "general")

    def __init__(self, entries: Iterable[_Entry]) -> None:
        self.general: list[_Entry] = []
        self._narrow: dict[str, list[_Entry]] = {}
        for entry in sorted(entries, key=_rank, reverse=True):
            only = next((only for one in entry.where.chain() if (only := one.only)), None)
            (self.general if only is None else self._narrow.setdefault(only, [])).append(entry)

    def candidates(self, scope: Scope) -> list[_Entry]:
        """Return those that may match."""
        if not self._narrow:
            return self.general
        values = (scope.local_name.lower(), single_address(scope.local), single_address(scope.remote))
        narrow = [entry for value in dict.fromkeys(values) if value for entry in self._narrow.get(value, ())]
        return sorted([*self.general, *narrow], key=_rank, reverse=True) if narrow else self.general


def _rank(entry: _Entry) -> Rank:
    return entry.rank


_Unsorted = dict[tuple[str, Name | None], list[_Entry]]


def _rank_of(where: Filter) -> tuple[int, int, int, int]:
    lists, named = where.counts
    tier = (0 if where.kind is Kind.ROOT else 1) + (0 if where.built_in else 2)
    # The global settings of a file come after its filters, the built-in ones after the built-in filters.
    return tier, lists, named, where.order


def _add(unsorted: _Unsorted, entry: _Entry) -> None:
    source = entry.source
    leaf = source if source.full_name and source.kind is not Kind.GROUP else entry.where
    name = (leaf.key, leaf.name) if leaf.full_name else None
    for key in (*source.values, *source.lists, *source.names):
        unsorted.setdefault((key, name), []).append(entry)


@lru_cache(maxsize=KEPT)
def _of_built_in(root: Filter) -> dict[tuple[str, Name | None], _Entries]:
    """Return the index of the built-in filters; they include no groups, and those in groups wait to be included."""
    unsorted: _Unsorted = {}
    pending = [root]
    while pending:
        one = pending.pop()
        if one.kind is not Kind.GROUP:
            _add(unsorted, _Entry((*_rank_of(one), 1), one, one))
            pending += one.children.values()
    return {key: _Entries(entries) for key, entries in unsorted.items()}


class Lookup:
    """Finds what applies, in a tree that is complete."""

    def __init__(self, tree: Tree) -> None:
        """Index the filters by the settings they have and by their innermost name."""
        self._tree = tree
        self._groups: dict[int, list[Filter]] = {}
        self._built_in = _of_built_in(tree.built_in)
        unsorted: _Unsorted = {}
        for one in (tree.root, *tree.filters):
            if not one.built_in and not one.in_group:
                self._index(one, unsorted)
        self._entries = {
            key: _Entries((*self._built_in[key].general, *own) if key in self._built_in else own)
            for key, own in unsorted.items()
        }

    def _index(self, where: Filter, unsorted: _Unsorted) -> None:
        rank = _rank_of(where)
        _add(unsorted, _Entry((*rank, 1), where, where))
        for label, value in where.groups.items():
            group = self._tree.group(label, value.text)
            for source in self._inside(group) if group else ():
                _add(unsorted, _Entry((*rank, 0), where, source))

    def _inside(self, group: Filter) -> list[Filter]:
        """Return a group and the filters in it."""
        known = self._groups.get(id(group))
        if known is None:
            known = self._groups[id(group)] = [group]
            for one in known:
                known.extend(one.children.values())
        return known

    def _candidates(self, key: str, name: Name | None, scope: Scope) -> list[_Entry]:
        entries = self._entries.get((key, name)) or self._built_in.get((key, name))
        return entries.candidates(scope) if entries else []

    def _matching(self, key: str, names: frozenset[Name], scope: Scope) -> Iterator[_Entry]:
        """Yield the entries for a key that match, the one with the last word first."""
        found = [
            entry
            for name in (None, *names)
            for entry in self._candidates(key, name, scope)
            if entry.matches(names, scope)
        ]
        yield from sorted(found, key=_rank, reverse=True) if len(found) > 1 else found

    def value(self, key: str, names: frozenset[Name] = frozenset(), scope: Scope = GLOBAL) -> Value | None:
        """Return the value of a setting that is not a list; None when only its struct has a default."""
        best: _Entry | None = None
        for name in (None, *names):
            for entry in self._candidates(key, name, scope):
                if best and entry.rank <= best.rank:
                    break
                if key in entry.source.values and entry.matches(names, scope):
                    best = entry
                    break
        return best.source.values[key] if best else None

    def elements(
        self, key: str, names: frozenset[Name] = frozenset(), scope: Scope = GLOBAL
    ) -> tuple[dict[str, Value], Origin | None]:
        """Return the elements of a list, those switched off as well, and where it is set."""
        found: dict[str, Value] = {}
        origin: Origin | None = None
        for entry in self._matching(key, names, scope):
            one = entry.source.lists.get(key)
            if one is None:
                continue
            origin = origin or one.origin
            _fill(found, one)
            if one.replaces:
                break
        return found, origin

    def names(self, key: str, names: frozenset[Name] = frozenset(), scope: Scope = GLOBAL) -> dict[str, Origin]:
        """Return the names of a named list filter in the daemon's order, with where each was opened first.

        Names are put before those of filters with more to say, so that built-in and global ones come first
        (``SETTINGS_PARSER_FLAG_INSERT_FILTERS``).
        """
        order: list[str] = []
        origins: dict[str, Origin] = {}
        for entry in self._matching(key, names, scope):
            opened = entry.source.names.get(key, {})
            order += [name for name in reversed(opened) if name not in origins]
            origins |= {name: origin for name, origin in opened.items() if origin.span or name not in origins}
        return {name: origins[name] for name in reversed(order)}


def _fill(found: dict[str, Value], more: ListValue) -> None:
    for name, value in more.elements.items():
        found.setdefault(name, value)


def names_of(filters: Iterable[Filter]) -> frozenset[Name]:
    """Return the names of filters that have one."""
    return frozenset((one.key, one.name) for one in filters if one.full_name)
