"""The settings of one filter of Dovecot 2.4, as its checks see them.

Follows ``config_filter_parser_check`` in src/config/config-parser.c.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.dovecot.v24_schema import HEREDOC, Type
from auditor.dovecot.v24_values import ValueRefusedError, boolean, is_unlimited, seconds, size

if TYPE_CHECKING:
    from auditor.dovecot.v24_filters import Filter, Value
    from auditor.dovecot.v24_schema import Number, Schema
    from auditor.text import Span


UNKNOWN: Final = "UNKNOWN_VALUE_WITH_VARIABLES"
"""``set_value_unknown`` in src/lib-settings/settings-parser.c: what 2.4.1 checks instead of a string with ``%{``."""
_AS_WRITTEN: Final = (Type.STR_NOVARS, Type.FILE)
"""Types whose ``%{`` the checks see."""


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

    def is_checked(self, struct: str) -> bool:
        """Whether the daemon checks a struct: 2.4.5 does not when a value in it has ``%{``."""
        if self.schema.number < HEREDOC:
            return True
        keys = self.schema.structs[struct]
        return not any(
            "%{" in value.text and key in keys and self.schema.settings[key].type not in _AS_WRITTEN
            for one in self._filters
            for key, value in one.values.items()
        )

    def text(self, key: str) -> str:
        """Return a value; raise ``UnknownValueError`` when only the daemon knows it."""
        kind = self.schema.settings[key].type
        for one in self._filters:
            value = one.values.get(key)
            if not value:
                continue
            if value.late or not value.literal or value.is_file:
                raise UnknownValueError
            if "%{" not in value.text or kind in _AS_WRITTEN:
                return value.text
            if kind is Type.STR:
                return UNKNOWN
        return self.schema.settings[key].default

    def is_on(self, key: str) -> bool:
        """Return a boolean."""
        try:
            return boolean(self.text(key))
        except ValueRefusedError as error:
            raise UnknownValueError from error

    def words(self, key: str) -> list[str]:
        """Return what is switched on in a boolean list, also where it replaces what is built in.

        ``config_fill_set_parser`` puts both together; that a list replaces others counts for the processes only.
        """
        found: dict[str, Value] = {}
        for one in self._filters:
            part = one.lists.get(key)
            if part:
                found = part.elements | found
        if any(not one.literal or one.late for one in found.values()):
            raise UnknownValueError
        return [name for name, value in found.items() if _is_yes(value.text)]

    def span(self, key: str) -> Span | None:
        """Return where a setting stands."""
        value = self.where.values.get(key)
        if value:
            return value.span
        found = self.where.lists.get(key)
        return found.origin.span if found and found.origin else None


def _is_yes(text: str) -> bool:
    try:
        return boolean(text)
    except ValueRefusedError:
        return False  # It has ``%{``, else it was refused where it stands: not part of the list that is checked.


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
NEWER: Final[Number] = (9,)
"""The version that a check is gone in, of one that is not."""


class StructCheck(NamedTuple):
    """A check of one struct of settings: the settings it is about, and the versions that have it."""

    struct: str
    keys: tuple[str, ...]
    check: Check
    since: Number = ANY
    before: Number = NEWER


def only(key: str, *allowed: str, words: str, also: str = "", any_case: bool = False) -> Check:
    """Return the check that each element of a boolean list is one of those allowed, or matches ``also``."""

    def check(view: View) -> str | None:
        for word in view.words(key):
            name = word.lower() if any_case else word
            if name not in allowed and not (also and re.match(also, word)):
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
