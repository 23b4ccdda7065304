"""The lookup tables that one Postfix instance names, wherever in main.cf or master.cf it does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.files.tables import INDEXED
from auditor.postfix.secrets import names_passwords

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.postfix.configuration import Configuration
    from auditor.text import Origin

DATABASES: Final = frozenset({"mysql", "pgsql", "ldap", "mongodb"})
"""Types whose file holds what it takes to log in to a database (mysql_table(5) and the like)."""
OTHERS: Final = frozenset({"texthash", "cidr", "regexp", "pcre", "sqlite"})

_TABLE: Final = re.compile(r"(?<![\w:/])(?:proxy:)?([a-z]+):(/[^/\s,{}][^\s,{}]*)")


class NamedTable(NamedTuple):
    """A table in a file: the parameter that names it and where, its type and the absolute name of its file."""

    parameter: str
    origin: Origin
    type: str
    name: str

    @property
    def indexed_file(self) -> str:
        """The indexed file that Postfix reads in place of the text; empty for types without one."""
        return self.name + INDEXED[self.type] if self.type in INDEXED else ""

    @property
    def files(self) -> tuple[str, ...]:
        """The text and what was made from it."""
        return (self.name, self.indexed_file) if self.indexed_file else (self.name,)

    @property
    def holds_passwords(self) -> bool:
        """Whether it has the passwords by which Postfix logs in to other servers."""
        return names_passwords(self.parameter)


def named_tables(configuration: Configuration) -> Iterator[NamedTable]:
    """Yield every table in a file that a parameter names, the same one once for each place."""
    services: list[tuple[str, str, Origin]] = []
    for service in configuration.services:
        if service.enabled:
            scoped = (configuration.get(name, service) for name in service.options)
            services += [(one.name, one.effective, one.origin) for one in scoped]
    everywhere = (configuration.get(name) for name in configuration.parameters)
    seen: dict[NamedTable, None] = {}
    for name, value, origin in [*((one.name, one.effective, one.origin) for one in everywhere), *services]:
        for match in _TABLE.finditer(value):
            if match[1] in INDEXED or match[1] in DATABASES or match[1] in OTHERS:
                seen[NamedTable(name, origin, match[1], match[2])] = None
    yield from seen
