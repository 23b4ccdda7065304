"""The settings of one filter of Dovecot 2.4, as its checks see them.

Follows ``config_filter_parser_check`` in src/config/config-parser.c.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v24_values import ValueRefusedError, boolean, is_unlimited, seconds, size

if TYPE_CHECKING:
    from auditor.dovecot.v24_filters import Filter, Value
    from auditor.dovecot.v24_schema import Number, Schema
    from auditor.text import Span


class UnknownValueError(Exception):
    """A value that only the daemon knows."""


class View:
    """The settings of one filter: its own, those built in for the same filter, those of the structs."""

    def __init__(self, schema: Schema, where: Filter, built_in: Filter | None) -> None:
        """``built_in`` is the built-in filter of the same path."""
        self.schema = schema
        self.where = where
        self._filters = [one for one in (where, built_in) if one]

    @property
    def keys(self) -> set[str]:
        """What is set in the file."""
        return {*self.where.values, *self.where.lists}

    def text(self, key: str) -> str:
        """Return a value; raise ``UnknownValueError`` when it has variables."""
        for one in self._filters:
            value = one.values.get(key)
            if value:
                if value.late or not value.literal or value.is_file or "%{" in value.text:
                    raise UnknownValueError
                return value.text
        return self.schema.settings[key].default

    def is_on(self, key: str) -> bool:
        """Return a boolean."""
        try:
            return boolean(self.text(key))
        except ValueRefusedError as error:
            raise UnknownValueError from error

    def words(self, key: str) -> list[str]:
        """Return what is switched on in a boolean list."""
        found: dict[str, Value] = {}
        for one in self._filters:
            part = one.lists.get(key)
            if part:
                found = part.elements | found
                if part.replaces:
                    break
        variables = ("$SET:", "$ENV:")
        if any(not one.literal or name.startswith(variables) or "%{" in name for name, one in found.items()):
            raise UnknownValueError
        return [name for name, value in found.items() if value.text.lower() != "no"]

    def span(self, key: str) -> Span | None:
        """Return where a setting stands."""
        value = self.where.values.get(key)
        if value:
            return value.span
        found = self.where.lists.get(key)
        return found.origin.span if found and found.origin else None


def number(view: View, key: str) -> int | None:
    """Return a number, size or time; None when it has no limit."""
    text = view.text(key)
    if is_unlimited(text):
        return None
    if text.isascii() and text.isdecimal() and len(text) <= 30:
        return int(text)
    try:
        return size(text)
    except ValueRefusedError:
        return seconds(text, milliseconds=True)


Check = Callable[[View], "str | None"]
"""Returns what is wrong in the daemon's words, or nothing."""
ANY: Final[Number] = ()
"""The first version, of a check that all have."""


def only(key: str, *allowed: str, words: str, also: str = "") -> Check:
    """Return the check that each element of a boolean list is one of those allowed, or matches ``also``."""

    def check(view: View) -> str | None:
        for word in view.words(key):
            if word not in allowed and not (also and re.match(also, word)):
                return words.format(key=key, word=word)
        return None

    return check


def not_zero(key: str, message: str = "{key} must not be 0") -> Check:
    """Return the check that a number, size or time is not 0."""

    def check(view: View) -> str | None:
        return message.format(key=key) if number(view, key) == 0 else None

    return check


def not_empty(key: str, message: str) -> Check:
    """Return the check that a text is not empty."""
    return lambda view: None if view.text(key) else message
