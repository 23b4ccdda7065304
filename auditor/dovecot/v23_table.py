"""Dovecot 2.2's and 2.3's settings by section, from the data that ``tools/make_dovecot_settings.py`` makes."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from enum import StrEnum
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from auditor.dovecot.history import History
from auditor.packaged import table
from auditor.text import Origin

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

TABLES: Final = ((2, 3, 20), "2.3.21"), ((2, 3, 15), "2.3.19"), ((2, 3, 0), "2.3.13"), ((0,), "2.2.36")
"""From which version on which table applies, with what its earlier releases have otherwise."""


class Type(StrEnum):
    """Types of settings, without ``SET_`` (src/lib-settings/settings-parser.h)."""

    STR = "STR"
    STR_VARS = "STR_VARS"
    BOOL = "BOOL"
    UINT = "UINT"
    UINT_OCT = "UINT_OCT"
    TIME = "TIME"
    TIME_MSECS = "TIME_MSECS"
    SIZE = "SIZE"
    IN_PORT = "IN_PORT"
    ENUM = "ENUM"
    STRLIST = "STRLIST"
    DEFLIST = "DEFLIST"
    DEFLIST_UNIQUE = "DEFLIST_UNIQUE"
    ALIAS = "ALIAS"

    @property
    def is_section(self) -> bool:
        """Whether it is a list of sections."""
        return self in (Type.DEFLIST, Type.DEFLIST_UNIQUE)


class Definition(NamedTuple):
    """One setting of one section.

    ``default`` is printed as doveconf prints it, and None where the daemon has a null pointer, which no value equals.
    """

    name: str
    type: Type
    default: str | None = None
    choices: tuple[str, ...] = ()
    hidden: bool = False
    alias_of: str = ""
    always_changed: bool = False
    """Modules disagree about the default, so that doveconf prints whatever is set."""

    def is_default(self, text: str, default: str | None) -> bool:
        """Whether a value is taken for its default; of a word as many characters count as the value has.

        So ``return`` passes for the default ``return-ok`` (``config_export_type``, src/config/config-request.c).
        """
        if self.type is Type.ENUM and default is not None:
            return default.startswith(text)
        return text == default


class Table(NamedTuple):
    """What one version knows.

    ``sections`` are keyed by their types from the top (``service/unix_listener``), the global settings by an empty
    text; ``services`` holds what the built-in services set, their listeners as dictionaries by name.
    """

    version: str
    sections: Mapping[str, Mapping[str, Definition]]
    services: Mapping[str, Mapping[str, Any]]
    single: Mapping[str, Mapping[str, Definition]]
    """Of each section what has a single value, by its name and its aliases."""
    origin: Origin
    """Where its defaults come from."""

    @property
    def top(self) -> Mapping[str, Definition]:
        """The global settings."""
        return self.sections[""]

    @property
    def has_event_filters(self) -> bool:
        """Whether what events are logged or counted is a text, as it is from 2.3.13 on (tried there)."""
        return "source_location" not in self.sections.get("metric", ("source_location",))

    def name_key(self, section: str) -> str:
        """Return the key that holds a section's own name: ``name``, or its first one (``path`` of a listener)."""
        keys = self.sections[section]
        return "name" if "name" in keys else next(iter(keys))


@lru_cache(maxsize=256)
def numbers(version: str) -> tuple[int, ...]:
    """Return a version as numbers; what does not begin with any is older than all."""
    match = re.match(r"\d{1,9}(?:\.\d{1,9})*", version)
    return tuple(int(part) for part in match[0].split(".")) if match else (0,)


def table_for(version: str, *, debian: bool) -> Table:
    """Return the table that applies to a version; Debian's packages have other defaults for a few settings.

    Of the global settings it has those that the version knows.
    """
    known = next(name for first, name in TABLES if numbers(version) >= first)
    return _loaded(known, debian, _place(version))


def history_of(name: str, version: str) -> History | None:
    """Return when a setting that a version does not know came or went; None of one that nothing is known of."""
    runs = _names()["names"].get(name, [])
    later = next((History(since, "") for since, _ in runs if numbers(since) > numbers(version)), None)
    earlier = next(
        (History("", until) for _, until in reversed(runs) if until and numbers(until) <= numbers(version)), None
    )
    return later or earlier


@cache
def _names() -> dict[str, Any]:
    names: dict[str, Any] = table("dovecot-names")
    return names


def _place(version: str) -> tuple[int, int]:
    """Return the first and the last release that a version may be like: itself, or those around it."""
    releases = [numbers(one) for one in _names()["releases"]]
    wanted = numbers(version)
    before = max(bisect_right(releases, wanted) - 1, 0)
    after = min(bisect_left(releases, wanted), len(releases) - 1)
    return min(before, after), max(before, after)


@cache
def _absent(place: tuple[int, int]) -> frozenset[str]:
    """Return the names that none of two releases knows, of those that came or went."""
    releases = _names()["releases"]
    wanted = [numbers(releases[at]) for at in place]
    return frozenset(
        name
        for name, runs in _names()["names"].items()
        if not any(
            numbers(since) <= one and (not until or one < numbers(until)) for since, until in runs for one in wanted
        )
    )


def global_names(version: str) -> Collection[str]:
    """Return the names of the global settings and blocks of one of the versions in ``TABLES``."""
    names: Mapping[str, object] = _data(version)["sections"][""]
    return names.keys()


@cache
def _data(version: str) -> dict[str, Any]:
    data: dict[str, Any] = table(f"dovecot-{version}")
    return data


def _data_of_release(known: str, release: str) -> dict[str, Any]:
    """Return a table with what a release has otherwise."""
    data = _data(known)
    for changed, older in data["before"]:
        if numbers(release) < numbers(changed):
            data = _patched(data, older)
    return data


def _patched(data: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table as a patch changes it; None takes an entry away (RFC 7396)."""
    changed = {
        key: _patched(data.get(key) or {}, value) if isinstance(value, dict) else value for key, value in patch.items()
    }
    return {key: value for key, value in {**data, **changed}.items() if value is not None}


@cache
def _loaded(known: str, debian: bool, place: tuple[int, int]) -> Table:
    data = _data_of_release(known, _names()["releases"][place[0]])
    sections = {
        section: {name: _definition(name, entry, debian) for name, entry in table.items()}
        for section, table in data["sections"].items()
    }
    absent = _absent(place)
    top = {name: one for name, one in sections[""].items() if name not in absent}
    for _, other in TABLES:
        # What came or went between two tables stands in the other one.
        entries = _data(other)["sections"][""]
        lacking = _names()["names"].keys() & entries.keys() - absent - top.keys()
        top.update((name, _definition(name, entries[name], debian)) for name in sorted(lacking))
    sections[""] = top
    single = {section: _single(definitions) for section, definitions in sections.items()}
    return Table(known, sections, data["services"], single, Origin(default_of=known))


def _single(definitions: Mapping[str, Definition]) -> dict[str, Definition]:
    lists = (Type.DEFLIST, Type.DEFLIST_UNIQUE, Type.STRLIST)
    return {key: definitions[one.alias_of or key] for key, one in definitions.items() if one.type not in lists}


def _definition(name: str, entry: Mapping[str, Any], debian: bool) -> Definition:
    default = entry.get("debian", entry.get("default")) if debian else entry.get("default")
    return Definition(
        name=name,
        type=Type(entry["type"]),
        default=default,
        choices=tuple(entry.get("enum", ())),
        hidden=bool(entry.get("hidden")),
        alias_of=entry.get("of", ""),
        always_changed=bool(entry.get("always_changed")),
    )
