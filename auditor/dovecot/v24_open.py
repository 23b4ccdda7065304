"""Which filter a section of Dovecot 2.4 opens (``config_filter_parse``, ``config_filter_add_new_filter``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.dovecot.v23_filters import net_of
from auditor.dovecot.v24_filters import Filter, Kind, Tree, interface
from auditor.dovecot.v24_schema import Schema, Type
from auditor.finding import ProblemKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.syntax.dovecot import Statement
    from auditor.text import Origin

_CONNECTIONS: Final = {
    "protocol": Kind.PROTOCOL,
    "local": Kind.LOCAL,
    "local_name": Kind.LOCAL_NAME,
    "remote": Kind.REMOTE,
}
_NOT_INSIDE: Final = {
    Kind.LOCAL: (Kind.REMOTE, Kind.PROTOCOL, Kind.LOCAL_NAME),
    Kind.LOCAL_NAME: (Kind.REMOTE, Kind.PROTOCOL),
    Kind.REMOTE: (Kind.PROTOCOL,),
}
"""Filters that the one directly around a connection filter must not be."""
_NEVER_INSIDE: Final = {"namespace": ("namespace", "mailbox"), "mailbox": ("mailbox",)}


class RefusedError(ValueError):
    """A statement that the daemon refuses; its text has the daemon's words, ``key`` a name that is not known."""

    def __init__(self, kind: ProblemKind, message: str, key: str = "") -> None:
        """Remember the kind of problem."""
        super().__init__(message)
        self.kind = kind
        self.key = key


def child_filter(
    schema: Schema,
    tree: Tree,
    parent: Filter,
    key: str,
    statement: Statement,
    origin: Origin,
    add_name: Callable[[Filter, str, str, Origin], None],
) -> Filter | None:
    """Return the filter that a section opens inside another one, None when it is not a filter.

    ``add_name`` is called for the name of a list filter that was not there.
    """
    name = statement.name
    if key.startswith("@"):
        if parent.kind is not Kind.ROOT:
            raise _refused("groups must defined at top-level, not under filters")
        return tree.child(parent, Kind.GROUP, key, name, origin)
    connection = _CONNECTIONS.get(key)
    if connection:
        return _connection(tree, parent, connection, name, origin)
    definition = schema.settings.get(key)
    if definition is None or not definition.type.is_filter:
        return None
    if definition.type is Type.FILTER_NAME:
        if name or statement.quoted:
            raise _refused(f"{key} {{ }} must not have a section name")
        return tree.child(parent, Kind.NAMED, key, "", origin)
    if parent.is_array and (
        parent.key in _NEVER_INSIDE.get(key, ()) or (key == "service" and parent.kind is not Kind.GROUP)
    ):
        raise _refused(f"{key} {{ .. }} not allowed under {parent.key} {{ .. }}")
    if not name and not statement.quoted:
        raise _refused(f"{key} {{ }} is missing section name")
    if (Kind.LIST, key, name) not in parent.children:
        add_name(parent, key, name, origin)
    return tree.child(parent, Kind.LIST, key, name, origin)


def _refused(message: str) -> RefusedError:
    return RefusedError(ProblemKind.SYNTAX_ERROR, message)


def _connection(tree: Tree, parent: Filter, kind: Kind, name: str, origin: Origin) -> Filter:
    if kind is Kind.PROTOCOL and parent.kind is Kind.PROTOCOL:
        raise _refused("Nested protocol { protocol { .. } } block not allowed")
    if kind is Kind.LOCAL_NAME and " " in name:
        raise _refused("Multiple names no longer supported in local_name value")
    if parent.kind in _NOT_INSIDE.get(kind, ()):
        raise _refused(
            f"{parent.kind} {{ {kind} {{ .. }} }} not allowed (use {kind} {{ {parent.kind} {{ .. }} }} instead)"
        )
    if parent.full_name:
        raise _refused(
            f"{parent.key} {{ {kind} {{ .. }} }} not allowed (use {kind} {{ {parent.key} {{ .. }} }} instead)"
        )
    if kind is Kind.LOCAL_NAME:
        return tree.child(parent, kind, "", name.lower(), origin)
    if kind is Kind.PROTOCOL:
        return tree.child(parent, kind, "", name, origin)
    return _network(tree, parent, kind, name, origin)


def _network(tree: Tree, parent: Filter, kind: Kind, name: str, origin: Origin) -> Filter:
    """Return a ``local`` or ``remote`` filter; ``bits`` stay 0 when its name is a host's."""
    error = net_of(name).error
    if error:
        raise _refused(error)
    net = interface(name)
    if net is None:
        return tree.child(parent, kind, "", name, origin)
    bits = net.network.prefixlen
    outer = interface(parent.name) if parent.kind is kind else None
    if outer and (bits < outer.network.prefixlen or net.version != outer.version or net.ip not in outer.network):
        raise _refused(f"{kind} net1 {{ {kind} net2 {{ .. }} }} requires net2 to be inside net1")
    one = tree.child(parent, kind, "", str(net.ip) if bits == net.max_prefixlen else f"{net.ip}/{bits}", origin)
    one.bits = bits
    return one
