"""What Dovecot 2.4 knows of its settings: types, defaults and built-in filters, by version.

The tables are ``auditor/data/dovecot-2.4.*.json``, made by tools/make_dovecot24_settings.py: that of 2.4.1, with what
2.4.0 has otherwise, and that of 2.4.5, with what 2.4.2 to 2.4.4 have otherwise.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from auditor.dovecot.history import History
from auditor.packaged import table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

Number = tuple[int, ...]

FIRST: Final = (2, 4, 0)
LATE_VARIABLES: Final = (2, 4, 2)
"""From here on ``$SET:`` is expanded when all is read, groups are known before use, ``%{`` is checked in its line."""
OLDER: Final = "2.4.1"
NEWER: Final = "2.4.5"
"""The versions of the tables."""
FIRST_OF_NEWER: Final = "2.4.2"
HEREDOC: Final = (2, 4, 5)
"""From here on there are heredocs, and doveconf hides ``*_key_file``, too."""
KNOWN_CONFIG_VERSIONS: Final = ("2.4.0", "2.4.1", "2.4.2", "2.4.3", "2.4.4")
"""What is accepted besides a version's own.

doveconf of Debian's 2.4.1+dfsg1-6+deb13u7 and of 2.4.5 accepts these. The released 2.4.1 to 2.4.3 know only those up to
their own (``config_version_find``); a distribution's patch cannot be told from the version, so nothing is refused here.
"""


_SECRETS: Final = ("_password", "_key", "_nonce", "_secret", "_api_header")


class Type(StrEnum):
    """``enum setting_type`` in src/lib-settings/settings-parser.h."""

    BOOL = "BOOL"
    UINT = "UINT"
    UINT_OCT = "UINT_OCT"
    UINTMAX = "UINTMAX"
    TIME = "TIME"
    TIME_MSECS = "TIME_MSECS"
    SIZE = "SIZE"
    IN_PORT = "IN_PORT"
    STR = "STR"
    STR_NOVARS = "STR_NOVARS"
    ENUM = "ENUM"
    FILE = "FILE"
    STRLIST = "STRLIST"
    BOOLLIST = "BOOLLIST"
    FILTER_NAME = "FILTER_NAME"
    FILTER_ARRAY = "FILTER_ARRAY"

    @property
    def is_list(self) -> bool:
        """Whether it is a boolean or string list."""
        return self is Type.BOOLLIST or self is Type.STRLIST

    @property
    def is_filter(self) -> bool:
        """Whether it is a named filter or a named list filter."""
        return self is Type.FILTER_NAME or self is Type.FILTER_ARRAY


class Definition(NamedTuple):
    """One setting: its name and type, and what its type needs."""

    name: str
    type: Type
    default: str = ""
    """The value in its struct, as doveconf prints it."""
    choices: tuple[str, ...] = ()
    name_field: str = ""
    """Of a named list filter: the setting that the section's name goes into."""
    required: str = ""
    """The setting or section that a block of this filter must have."""
    hidden: bool = False
    defaults_differ: bool = False
    """It stands in two structs with different defaults."""
    auth: bool = False
    """It belongs to the auth process, which knows neither local nor remote blocks."""

    @property
    def secret(self) -> bool:
        """Whether the value is a password, a key or the like (``hide_secrets_from_value`` in src/config/doveconf.c)."""
        return self.name.endswith(_SECRETS) and not self.type.is_filter


class Schema:
    """The settings of one version of Dovecot."""

    def __init__(self, version: str) -> None:
        """Take the table that stands for a version."""
        self.version = version
        self.number = number_of(version)
        known = OLDER if self.number < LATE_VARIABLES else NEWER
        self._table: dict[str, Any] = _table(known)
        self._table_number = number_of(known)
        self.aliases: dict[str, str] = {}
        self.settings: dict[str, Definition] = {}
        for name, facts in self._table["settings"].items():
            if self._has(facts):
                self.settings[name] = _definition(name, self._of_release(facts))
            if "alias" in facts:
                self.aliases[name] = facts["alias"]
        later = {
            tuple(entry)
            for since, entries in self._table["built_in_since"].items()
            if self.number < number_of(since)
            for entry in entries
        }
        self.filters: Mapping[str, Mapping[str, Any]] = {
            path: self._built_in(path, values, later)
            for path, values in self._table["defaults"].items()
            if (path,) not in later
        }
        """Built-in values by the path of their filter; lists are sequences (they replace) or mappings (they add)."""
        self.structs: Mapping[str, Sequence[str]] = {
            struct: [key for key in keys if key in self.settings or key not in self._table["settings"]]
            for struct, keys in self._table["structs"].items()
        }
        """The settings of the structs that have a check, in their order."""
        self.groups: Mapping[str, Mapping[str, Any]] = self._table["groups"]

    def _has(self, facts: Mapping[str, Any]) -> bool:
        """Whether the release has a setting of the table."""
        if "since" in facts and self.number < number_of(facts["since"]):
            return False
        return "removed" not in facts or self.number < number_of(facts["removed"])

    def _of_release(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the facts of a setting as they were before a release that changed them."""
        changed, before = facts.get("before", ("", {}))
        return {**facts, **before} if changed and self.number < number_of(changed) else facts

    def _built_in(self, path: str, values: Mapping[str, Any], later: Collection[tuple[str, ...]]) -> Mapping[str, Any]:
        """Return the built-in values of a filter without those that came later."""
        kept = {key: found for key, found in values.items() if key in self.settings and (path, key) not in later}
        for key, found in kept.items():
            if isinstance(found, dict):
                kept[key] = {name: value for name, value in found.items() if (path, key, name) not in later}
        return kept

    def get(self, key: str) -> Definition | None:
        """Return the definition of a key, or of the list that ``list/key`` belongs to."""
        return self.settings.get(key.partition("/")[0])

    def history_of(self, key: str) -> History | None:
        """Return when a setting that this version does not know came or went; None of one that no 2.4 knows."""
        facts = self._table["settings"].get(key)
        if facts is None:
            is_older = self._table_number < LATE_VARIABLES
            facts = _table(NEWER if is_older else OLDER)["settings"].get(key)
            if facts is None:
                return None
            facts = {"since": FIRST_OF_NEWER, **facts} if is_older else {"removed": FIRST_OF_NEWER}
        if "since" in facts and self.number < number_of(facts["since"]):
            return History(facts["since"], "")
        return History("", facts["removed"])

    def is_known(self, config_version: str) -> bool:
        """Whether this version accepts a ``dovecot_config_version``."""
        return config_version in KNOWN_CONFIG_VERSIONS or config_version == self.version

    @cached_property
    def known_config_versions(self) -> str:
        """The versions as the daemon lists them."""
        return " ".join(dict.fromkeys((*KNOWN_CONFIG_VERSIONS, self.version)))

    def filter_of_prefix(self, key: str) -> str:
        """Return the longest named filter whose name and ``_`` a key begins with, or nothing."""
        at = key.rfind("_")
        while at > 0:
            definition = self.settings.get(key[:at])
            if definition and definition.type is Type.FILTER_NAME:
                return key[:at]
            at = key.rfind("_", 0, at)
        return ""

    def of_other_drivers(self, filter_key: str, key: str) -> list[str]:
        """Return the settings of a list filter's drivers that end in a key: ``passdb_sql_query`` for ``query``."""
        return self._driver_settings.get((filter_key, key), [])

    @cached_property
    def _driver_settings(self) -> dict[tuple[str, str], list[str]]:
        found: dict[tuple[str, str], list[str]] = {}
        for filter_key, one in self.settings.items():
            if one.type is Type.FILTER_ARRAY:
                for name in self.settings:
                    _, _, key = name.removeprefix(filter_key + "_").partition("_")
                    if key and name.startswith(filter_key + "_"):
                        found.setdefault((filter_key, key), []).append(name)
        return found

    def old_default(self, path: str, key: str, config_version: str) -> str | None:
        """Return the default that a setting has in an older release, or keeps for its ``dovecot_config_version``.

        An entry for the path of the filter comes before one for the setting alone (``old_settings_default`` in
        src/config/old-set-parser.c).
        """
        number = min(number_of(config_version), self.number)
        generic: str | None = None
        for filter_path, name, old, version in self._table["history"]:
            if name != key or not number < number_of(version) <= self._table_number:
                continue
            if filter_path == path:
                return str(old)
            if not filter_path and generic is None:
                generic = str(old)
        return generic

    @cached_property
    def changed_defaults(self) -> frozenset[str]:
        """Settings whose default depends on ``dovecot_config_version``."""
        return frozenset(row[1] for row in self._table["history"])


@lru_cache(maxsize=256)
def number_of(version: str) -> Number:
    """Return the numbers of a version such as ``2.4.1``."""
    return tuple(int(part) for part in re.findall(r"\d{1,9}", version)[:3])


@cache
def _table(version: str) -> dict[str, Any]:
    found: dict[str, Any] = table(f"dovecot-{version}")
    return found


def _definition(name: str, facts: Mapping[str, Any]) -> Definition:
    choices = tuple(facts.get("enum", ()))
    return Definition(
        name,
        Type(facts["type"]),
        facts.get("default", choices[0] if choices else ""),
        choices,
        facts.get("name_field", ""),
        facts.get("required_setting", ""),
        facts.get("hidden", False),
        facts.get("defaults_differ", False),
        facts.get("auth", False),
    )


@cache
def schema_of(version: str) -> Schema:
    """Return the settings of a version such as ``2.4.1``."""
    return Schema(version)


def section_escaped(name: str) -> str:
    r"""Return a section's name as it stands in a path: ``/`` is ``\s`` (``settings_section_escape``)."""
    codes = {"=": "e", "/": "s", "\\": "\\", " ": "_", ",": "+"}
    return re.sub(r"[=/\\ ,]", lambda match: "\\" + codes[match[0]], name) or "\\."


def unescaped(name: str) -> str:
    r"""Return a section's name out of a path: ``\s`` is ``/`` (``settings_section_unescape``, settings-parser.c)."""
    if "\\" not in name:
        return name
    codes = {"e": "=", "s": "/", "\\": "\\", "_": " ", "+": ",", ".": ""}
    return re.sub(r"\\(.)", lambda match: codes.get(match[1], match[0]), name, flags=re.DOTALL)
