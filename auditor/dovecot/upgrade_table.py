"""What names and values of Dovecot 2.2 and 2.3 are in 2.4: ``auditor/data/dovecot-upgrade.json``, kept by hand.

Its ``sources`` name where it is from; tests/dovecot/test_upgrade_table.py holds it against the tables of both versions.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.packaged import table

if TYPE_CHECKING:
    from collections.abc import Mapping


class Entry(NamedTuple):
    """What one old name is in 2.4.

    ``new`` names its settings; ``write`` is the line to write, in a section ``inside`` where it is not empty, with
    ``{value}``, ``{path}`` (without ``<``) and ``{not}`` (yes for no) to fill in; ``values`` says what a value becomes,
    ``note`` what else to know, ``by`` who converts it where a line cannot say it.
    """

    new: tuple[str, ...] = ()
    write: str = ""
    inside: str = ""
    values: Mapping[str, str] = MappingProxyType({})
    note: str = ""
    by: str = ""


class Default(NamedTuple):
    """A default that changed: ``advice`` has ``{value}`` for the old one."""

    name: str
    old: str
    new: str
    severity: str
    advice: str


class UpgradeTable(NamedTuple):
    """The whole table.

    ``settings`` are keyed by the kind of section, empty for global ones; ``prefixes`` hold for names that begin so.
    ``arguments`` are the parts of ``args`` by driver, ``external`` the settings of ``.conf.ext`` files, ``location``
    the parts of mail_location. ``gone`` holds what no longer exists, by kind, with what to do instead.
    """

    settings: Mapping[str, Mapping[str, Entry]]
    prefixes: Mapping[str, Mapping[str, Entry]]
    arguments: Mapping[str, Mapping[str, str]]
    external: Mapping[str, Mapping[str, str]]
    location: Mapping[str, str]
    variables: Mapping[str, Mapping[str, str]]
    formats: Mapping[str, Mapping[str, str]]
    """One-letter variables of settings that have some of their own."""
    expanded: frozenset[str]
    """Settings in which 2.3 expands variables."""
    weak_schemes: frozenset[str]
    """Password schemes that 2.4 refuses unless auth_allow_weak_schemes is set."""
    gone: Mapping[str, Mapping[str, str]]
    defaults: tuple[Default, ...]

    def entry(self, section: str, key: str) -> Entry | None:
        """Return what is known of an old name in a kind of section; ``sieve_before2`` counts as ``sieve_before``."""
        known = self.settings.get(section, {})
        found = known.get(key) or (known.get(key.rstrip("0123456789")) if section == "plugin" else None)
        if found:
            return found
        return next((one for start, one in self.prefixes.get(section, {}).items() if key.startswith(start)), None)

    def old_name(self, section: str, key: str) -> str:
        """Return the name of 2.3 that one of 2.4 stands for in a kind of section; empty where it is another thing."""
        for name, entry in self.settings.get(section, {}).items():
            if len(entry.new) == 1 and key in (entry.new[0], entry.write.partition(" ")[0]) and not entry.inside:
                return name if entry.write else ""
        return ""


def _entries(sections: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, dict[str, Entry]]:
    return {
        section: {name: Entry(**{**facts, "new": tuple(facts["new"])}) for name, facts in entries.items()}
        for section, entries in sections.items()
    }


@cache
def upgrade_table() -> UpgradeTable:
    """Return the table."""
    data = table("dovecot-upgrade")
    return UpgradeTable(
        _entries(data["settings"]),
        _entries(data["prefixes"]),
        data["arguments"],
        data["external"],
        data["location"],
        data["variables"],
        data["formats"],
        frozenset(data["expanded"]),
        frozenset(data["weak_schemes"]),
        data["gone"],
        tuple(Default(*row) for row in data["defaults"]),
    )
