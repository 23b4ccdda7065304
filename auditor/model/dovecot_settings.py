"""The settings of one Dovecot instance, in the names of 2.4 whatever the dialect."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from auditor.dovecot.configuration import GLOBAL, Configuration, Scope, Setting
from auditor.model.listeners import LOGIN_SERVICES
from auditor.model.vocabulary import INVERTED_IN_23, is_true, spelled
from auditor.text import shortened

if TYPE_CHECKING:
    from auditor.text import Origin


class Element(NamedTuple):
    """One element of a list setting and where it is said."""

    name: str
    origin: Origin


class DovecotSettings:
    """What one Dovecot instance is set to."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.dialect = configuration.dialect
        self.version = configuration.version

    def spelled(self, name: str) -> str:
        """Return how this configuration's dialect spells a setting."""
        return spelled(name, self.dialect)

    def get(self, name: str, scope: Scope = GLOBAL) -> Setting | None:
        """Return a setting by its 2.4 name: spelled as in the user's dialect, its value in 2.4's sense.

        None when the version has no such setting.
        """
        setting = self.configuration.get(self.spelled(name), scope)
        if setting is not None and self.dialect == "2.3" and name in INVERTED_IN_23:
            return setting._replace(value="no" if is_true(setting.value) else "yes")
        return setting

    def shown(self, setting: Setting) -> str:
        """Return a setting that ``get`` gave as the user spells it, for a message."""
        name, value = setting.name.rpartition("/")[2], setting.value
        if self.dialect == "2.3" and name in map(self.spelled, INVERTED_IN_23):
            value = "no" if is_true(value) else "yes"
        return f"`{name} = {shortened(value)}`"

    def is_on(self, name: str, scope: Scope = GLOBAL) -> bool:
        """Whether a boolean setting is true."""
        setting = self.get(name, scope)
        return setting is not None and is_true(setting.value)

    def elements(self, name: str, scope: Scope = GLOBAL) -> list[Element]:
        """Return the elements of a list setting: a boolean list in 2.4, words in 2.3 and of what is no list in 2.4."""
        if self.dialect == "2.4" and (items := self.configuration.items(name, scope)):
            return [Element(item.name, item.origin) for item in items]
        setting = self.get(name, scope)
        return [Element(word, setting.origin) for word in setting.value.split()] if setting else []

    def spellings(self, name: str) -> list[Setting]:
        """Return every effective value that a setting has in the scopes that matter, each place once."""
        found: dict[tuple[str, Origin], Setting] = {}
        for scope in (GLOBAL, *self.scopes):
            if setting := self.get(name, scope):
                found[setting.value, setting.origin] = setting
        return list(found.values())

    @cached_property
    def protocols(self) -> tuple[str, ...]:
        """The protocols that clients log in by, in effect."""
        names = {element.name.lower() for element in self.elements("protocols")}
        return tuple(protocol for protocol in LOGIN_SERVICES if protocol in names)

    @cached_property
    def scopes(self) -> tuple[Scope, ...]:
        """Every scope of a login connection that the files distinguish: each protocol with each filter."""
        protocols = self.protocols or ("",)
        found: dict[Scope, None] = {Scope(protocol=protocol): None for protocol in protocols}
        for scope in self.configuration.scopes():
            for protocol in protocols:
                if scope.protocol in ("", protocol) or (
                    scope.protocol.startswith("!") and scope.protocol[1:] != protocol
                ):
                    found[scope._replace(protocol=protocol)] = None
        return tuple(found)

    @property
    def version_numbers(self) -> tuple[int, ...]:
        """The version in numbers, empty where it has none."""
        return tuple(int(number) for number in re.findall(r"\d{1,9}", self.version)[:4])

    @property
    def knows_mechanism_filters(self) -> bool:
        """Whether this version has ``mechanisms`` in passdbs, which came with 2.2.28."""
        return self.is_at_least(2, 2, 28)

    def is_at_least(self, *numbers: int) -> bool:
        """Whether this version is that one or a later one; one that is not known is taken to be."""
        own = self.version_numbers[: len(numbers)]
        return not own or own >= numbers
