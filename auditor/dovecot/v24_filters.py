"""The filters of a configuration of Dovecot 2.4: where values apply, and which filter wins.

``struct config_filter_parser`` in src/config/config-parser.h; a filter is a connection filter (``protocol``, ``local``,
``local_name``, ``remote``), a named filter (``ssl_server``), a named list filter (``service imap``) or a group.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from auditor.dovecot.v23_filters import net_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.dovecot.configuration import Scope
    from auditor.text import Origin, SourceFile, Span

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface
Name = tuple[str, str]
"""A named filter or named list filter: its setting and its name, which is empty in a named filter."""


class Kind(StrEnum):
    """What a filter asks for."""

    ROOT = "root"
    PROTOCOL = "protocol"
    LOCAL = "local"
    LOCAL_NAME = "local_name"
    REMOTE = "remote"
    NAMED = "named"
    LIST = "list"
    GROUP = "group"

    @property
    def is_connection(self) -> bool:
        """Whether it is about connections and processes."""
        return self in _CONNECTION


_CONNECTION = frozenset((Kind.PROTOCOL, Kind.LOCAL, Kind.LOCAL_NAME, Kind.REMOTE))


class Value(NamedTuple):
    """A value as a line gave it.

    ``is_file`` is ``key = <path``; ``late`` says that it has ``$SET:`` still to be expanded; ``literal`` is false when
    it depends on the daemon's environment.
    """

    text: str
    origin: Origin
    is_file: bool = False
    heredoc: bool = False
    late: bool = False
    literal: bool = True

    @property
    def span(self) -> Span | None:
        """Where it stands; nowhere if it is built in."""
        return self.origin.span

    @property
    def file(self) -> SourceFile | None:
        """The file it stands in."""
        return self.origin.span.file if self.origin.span else None


@dataclass(slots=True)
class ListValue:
    """A boolean or string list: its elements, and whether it replaces what less specific filters have."""

    elements: dict[str, Value] = field(default_factory=dict)
    replaces: bool = False
    origin: Origin | None = None
    """Where it was set as a whole, or its first line."""


@dataclass(eq=False, slots=True)
class Filter:
    """One filter below its parent, with the values set in it; ``order`` counts filters as they are first opened."""

    kind: Kind
    key: str
    name: str
    parent: Filter | None
    order: int
    origin: Origin
    bits: int = 0
    built_in: bool = False
    children: dict[tuple[Kind, str, str], Filter] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    lists: dict[str, ListValue] = field(default_factory=dict)
    names: dict[str, dict[str, Origin]] = field(default_factory=dict)
    """Names of list filters that were opened here, in that order, by the list's setting."""
    groups: dict[str, Value] = field(default_factory=dict)
    """Names of included groups by their label."""
    complete: bool = False
    """It has what blocks of its kind require."""
    span: Span | None = None
    """From its first opening line to the closing brace."""

    @property
    def full_name(self) -> str:
        """The name as the daemon keeps it: ``service/imap``, ``ssl_server``; empty in a connection filter."""
        if self.kind in (Kind.LIST, Kind.GROUP):
            return f"{self.key}/{self.name}"
        return self.key if self.kind is Kind.NAMED else ""

    @property
    def is_array(self) -> bool:
        """``filter_name_array``: a named list filter or a group."""
        return self.kind in (Kind.LIST, Kind.GROUP)

    def chain(self) -> Iterator[Filter]:
        """Yield this filter and those around it, the root not."""
        one: Filter | None = self
        while one is not None and one.kind is not Kind.ROOT:
            yield one
            one = one.parent

    @property
    def in_group(self) -> bool:
        """Whether it is a group or stands in one."""
        return any(one.kind is Kind.GROUP for one in self.chain())

    @property
    def counts(self) -> tuple[int, int]:
        """How many named list filters and named filters are on its path (``config_parser_filter_cmp``)."""
        chain = list(self.chain())
        return sum(one.is_array for one in chain), sum(one.kind is Kind.NAMED for one in chain)

    @property
    def path(self) -> str:
        """The names on its path as ``auditor/data`` writes them; connection filters are left out."""
        return "/".join(one.full_name for one in reversed(list(self.chain())) if one.full_name)

    @property
    def only(self) -> str | None:
        """The one server name or address that a connection filter matches; None for others."""
        if self.kind is Kind.LOCAL_NAME:
            return None if set("*?") & set(self.name) else self.name
        if self.kind in (Kind.LOCAL, Kind.REMOTE):
            return single_address(self.name)
        return None

    def matches(self, scope: Scope) -> bool:
        """Whether a connection filter lets a connection through; any other filter does."""
        return match(self, scope) == 1


@lru_cache(maxsize=4096)
def interface(text: str) -> Interface | None:
    """Return an address or network as ``net_parse_range`` takes it; None for what it would ask the DNS about."""
    net = net_of(text)
    return None if net.address is None else ipaddress.ip_interface((net.address, net.bits))


def single_address(text: str) -> str | None:
    """Return an address in its usual spelling; None for a network and for what is no address."""
    found = interface(text)
    return str(found.ip) if found is not None and found.network.prefixlen == found.max_prefixlen else None


def match(one: Filter, scope: Scope) -> int:
    """Return 1 when a filter's own condition holds, 0 when it does not, -1 when the scope does not say.

    ``config_filter_match_no_recurse`` in src/config/config-filter.c.
    """
    if not one.kind.is_connection:
        return 1
    wanted = {
        Kind.PROTOCOL: scope.protocol,
        Kind.LOCAL: scope.local,
        Kind.REMOTE: scope.remote,
        Kind.LOCAL_NAME: scope.local_name,
    }[one.kind]
    if not wanted:
        return -1
    if one.kind is Kind.PROTOCOL:
        return int(wanted != one.name[1:] if one.name.startswith("!") else wanted == one.name)
    if one.kind is Kind.LOCAL_NAME:
        return int(_wildcard_matches(wanted.lower(), one.name))
    return int(_is_inside(wanted, one.name))


def _wildcard_matches(name: str, mask: str) -> bool:
    """``dns_match_wildcard`` in src/lib-dns/dns-util.c: ``*`` stands for the rest of a label, ``?`` for a character."""
    if re.search(r"\*(?!\.)", mask):
        return not name and mask == "*"
    pattern = "".join({"*": "[^.]*", "?": "."}.get(char, re.escape(char)) for char in mask)
    return re.fullmatch(pattern, name, re.DOTALL) is not None


def _is_inside(inner: str, outer: str) -> bool:
    one, other = interface(inner), interface(outer)
    if one is None or other is None or one.version != other.version:
        return False
    return other.network.prefixlen <= one.network.prefixlen and one.ip in other.network


@dataclass(slots=True, eq=False)
class Tree:
    """All filters: the root of those that were read, the root of the built-in ones, and the groups of both."""

    root: Filter
    built_in: Filter
    filters: list[Filter] = field(default_factory=list)
    """All but the roots, in the order in which they were first opened; the built-in ones first."""

    def child(self, parent: Filter, kind: Kind, key: str, name: str, origin: Origin) -> Filter:
        """Return a filter, a new one when it is not there yet; a group that is built in is added to."""
        known = parent.children.get((kind, key, name))
        if known is None and parent is self.root and (built_in := self.built_in.children.get((kind, key, name))):
            known = self._copy(built_in, parent) if kind is Kind.GROUP else None
        if known is None:
            known = Filter(kind, key, name, parent, len(self.filters) + 2, origin, built_in=parent.built_in)
            parent.children[kind, key, name] = known
            self.filters.append(known)
        return known

    def _copy(self, one: Filter, parent: Filter) -> Filter:
        """Put a built-in filter with all inside it into the filters that were read, still as built in."""
        copy = Filter(one.kind, one.key, one.name, parent, len(self.filters) + 2, one.origin, built_in=True)
        parent.children[one.kind, one.key, one.name] = copy
        self.filters.append(copy)
        copy.values = dict(one.values)
        copy.lists = {key: replace(part, elements=dict(part.elements)) for key, part in one.lists.items()}
        copy.names = {key: dict(names) for key, names in one.names.items()}
        copy.complete = one.complete
        for child in one.children.values():
            self._copy(child, copy)
        return copy

    def group(self, label: str, name: str) -> Filter | None:
        """Return a group, one that was read before one that is built in."""
        key = Kind.GROUP, "@" + label, name
        return self.root.children.get(key) or self.built_in.children.get(key)

    def has_label(self, label: str) -> bool:
        """Whether any group has a label."""
        return any(
            kind is Kind.GROUP and key == "@" + label
            for root in (self.root, self.built_in)
            for kind, key, _ in root.children
        )
