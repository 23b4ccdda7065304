"""``$SET:name`` and ``$ENV:NAME`` in values of Dovecot 2.4.

Follows ``config_write_keyvariable`` in src/config/config-parser.c.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v24_filters import Filter, Kind, Tree, Value
from auditor.dovecot.v24_schema import LATE_VARIABLES, Schema

if TYPE_CHECKING:
    from auditor.dovecot.v24_schema import Definition

MAX_EXPANDED: Final = 1_000_000
"""Characters of one expanded value; what goes on growing after that is not expanded."""


class VariableError(ValueError):
    """A variable that cannot be expanded; its text has the daemon's words."""


class Variables:
    """Expands variables, at once up to 2.4.1 and when everything is read from 2.4.2 on."""

    def __init__(self, schema: Schema, tree: Tree, *, shown: bool) -> None:
        """``shown`` expands only what refers to itself, as ``doveconf -n`` does."""
        self._schema = schema
        self._tree = tree
        self._late = schema.number >= LATE_VARIABLES
        self._shown = shown

    def read(self, where: Filter, key: str, value: Value) -> Value:
        """Return a value with variables as it is kept while reading goes on."""
        tokens = words(value.text)
        refers_to_itself = f"$SET:{key}" in tokens
        refers = any(token.startswith("$SET:") for token in tokens)
        if self._late and refers and not refers_to_itself:
            if not self._shown:
                for token in tokens:
                    self._check(token)
            return value._replace(late=True)
        return self._expanded(where, key, value, tokens, ())

    def _check(self, token: str) -> None:
        """Refuse a variable that names nothing, as the daemon does when it reads the line."""
        if not token.startswith("$SET:"):
            return
        full_name = token[5:]
        path, _, name = full_name.rpartition("/")
        if path and self._filter(path) is None:
            raise VariableError(f"Failed to expand $SET:{full_name}: Unknown filter path: {path}")
        self._definition(full_name, name)

    def _definition(self, full_name: str, name: str) -> Definition:
        definition = self._schema.settings.get(name)
        if definition is None:
            prefix = f"Failed to expand $SET:{full_name}: " if self._late else ""
            raise VariableError(f"{prefix}Unknown setting: {name}")
        if definition.type.is_list or definition.type.is_filter:
            raise VariableError(f"Failed to expand $SET:{full_name}: Setting type can't be expanded to string")
        return definition

    def expand(self, where: Filter, key: str, value: Value) -> Value:
        """Return a value that was kept for later with its variables expanded."""
        return self._expanded(where, key, value, words(value.text), ())

    def _expanded(self, where: Filter, key: str, value: Value, tokens: list[str], chain: tuple[str, ...]) -> Value:
        if key in chain:
            raise VariableError(f"Chained $SET:{key} loops back to itself")
        found: list[str] = []
        literal = value.literal
        length = 0
        for token in tokens:
            name = token.removeprefix("$SET:")
            if name != token and (not self._shown or name == key):
                inner = self._value(where, name, itself=name == key, chain=(*chain, key))
                literal = literal and inner.literal
                found.append(inner.text)
            else:
                literal = literal and not token.startswith("$ENV:")
                found.append(token)
            length += len(found[-1]) + 1
            if length > MAX_EXPANDED:
                return value._replace(late=False, literal=False)
        return value._replace(text=" ".join(found), late=False, literal=literal)

    def _value(self, where: Filter, full_name: str, *, itself: bool, chain: tuple[str, ...]) -> Value:
        path, _, name = full_name.rpartition("/") if self._late else ("", "", full_name)
        start = self._filter(path) if path else where
        if start is None:
            raise VariableError(f"Failed to expand $SET:{full_name}: Unknown filter path: {path}")
        definition = self._definition(full_name, name)
        here: Filter | None = start
        while here is not None:
            for one in (here, self.twin(here) if self._late else None):
                value = one.values.get(name) if one else None
                if value is not None and value.late and self._late:
                    return self._expanded(here, full_name, value, words(value.text), chain)
                if value is not None:
                    return value
            # Up to 2.4.1 only a value that refers to itself looks further than its own filter.
            here = here.parent if self._late or itself else None
        return Value(definition.default, self._tree.built_in.origin)

    def twin(self, one: Filter) -> Filter | None:
        """Return the built-in filter of the same path (``reverse_default_sibling``)."""
        twin: Filter | None = self._tree.built_in
        for step in reversed(list(one.chain())):
            twin = twin.children.get((step.kind, step.key, step.name)) if twin else None
        return twin if twin is not one else None

    def _filter(self, path: str) -> Filter | None:
        """Return the list filter of a path such as ``service/auth``, one that was read before one that is built in."""
        parts = path.split("/")
        if len(parts) % 2:
            return None
        for root in (self._tree.root, self._tree.built_in):
            here: Filter | None = root
            for key, name in zip(parts[::2], parts[1::2], strict=True):
                here = here.children.get((Kind.LIST, key, name)) if here else None
            if here:
                return here
        return None


def words(text: str) -> list[str]:
    """Return what stands between blanks; a blank and the white space after it separate."""
    return re.split(r" [ \t\n\v\f\r]*", text)
