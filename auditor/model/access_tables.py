"""The access tables of restriction lists, read as far as that needs no program."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from auditor.files.tables import UnreadableTable, read_table
from auditor.syntax.postfix_lines import Word, braced, words

if TYPE_CHECKING:
    from auditor.files.tables import Table
    from auditor.host import Host
    from auditor.postfix.restrictions import Restriction
    from auditor.text import Span


class AccessTables:
    """The tables behind ``check_*_access``, each read once."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._known: dict[str, Table | UnreadableTable] = {}

    def table(self, item: Restriction) -> Table | UnreadableTable | None:
        """Return the table of a restriction, None for a restriction without one."""
        if not item.argument or not is_access_check(item.name):
            return None
        specification = _specification(item)
        if specification.startswith("{"):
            return UnreadableTable("{", "only check_ccert_access takes a table in braces")
        return self.named(specification, at=item.span)

    def named(self, specification: str, at: Span | None = None) -> Table | UnreadableTable:
        """Return the table of a name such as ``texthash:/etc/postfix/clients``; ``at`` is where it stands."""
        if specification not in self._known:
            self._known[specification] = read_table(self._host, specification, at=at)
        return self._known[specification]


def is_access_check(name: str) -> bool:
    """Whether a restriction looks its subject up in an access(5) table."""
    return bool(re.fullmatch(r"check_\w+_access", name, re.IGNORECASE | re.ASCII))


def _specification(item: Restriction) -> str:
    """Return ``type:name``, also of the long form ``{ type:name, { search_order = … } }`` of check_ccert_access.

    Elsewhere the long form is a server error (smtpd_check.c, check_access; tried on Postfix 3.7.11).
    """
    argument = item.argument
    if not argument.startswith("{") or item.name.lower() != "check_ccert_access":
        return argument
    inner = list(words(braced(Word(argument, 0, len(argument))).text))
    return inner[0].text if inner else ""
