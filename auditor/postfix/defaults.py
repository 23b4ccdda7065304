"""The parameters that a version of Postfix knows: types, ranges, the programs that read them, and defaults.

The table is ``auditor/data/postfix-parameters.json``, made by ``tools/make_postfix_parameters.py``.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from auditor.packaged import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HOST_DEPENDENT: Final = frozenset(
    {"myhostname", "mydomain", "mynetworks", "process_id", "process_name", "service_name"}
)
"""Parameters whose default the running system decides."""

OLDEST_BRANCH: Final = "2.10"
"""The oldest branch whose defaults are known."""
KEPT: Final = 8
"""Versions whose defaults are kept for the next instance."""


class Kind(StrEnum):
    """A parameter's type: the ``CONFIG_*_TABLE`` of Postfix's sources that it stands in."""

    TEXT = "str"
    RAW = "raw"
    """Text whose ``$`` the program that uses it expands for itself."""
    COMPUTED = "str_fn"
    BOOLEAN = "bool"
    BOOLEAN_EXPRESSION = "nbool"
    INTEGER = "int"
    INTEGER_EXPRESSION = "nint"
    LONG = "long"
    TIME = "time"


class Known(NamedTuple):
    """What is known of a parameter. ``programs`` are those that read it: ``*`` is every program, ``TLS`` one with TLS.

    Of the range, zero stands for no limit.
    """

    kind: Kind
    programs: tuple[str, ...]
    minimum: int
    maximum: int

    @property
    def takes_any_text(self) -> bool:
        """Whether no value is refused for its type."""
        return not (self.minimum or self.maximum) and self.kind in (Kind.TEXT, Kind.RAW, Kind.COMPUTED)


@cache
def _table() -> dict[str, Any]:
    parameters: dict[str, Any] = table("postfix-parameters")
    return parameters


@cache
def version_numbers(version: str) -> tuple[int, ...]:
    """Return a version as numbers, what follows them (``-RC1``) left out."""
    match = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part[:9]) for part in match[0].split(".")) if match else ()


def newest_version() -> str:
    """Return the newest release whose defaults are known."""
    return str(_table()["newest"])


class Defaults:
    """The parameters of one version, of Debian's packages where ``debian`` is set.

    A version newer than the table gets the newest defaults, one older the oldest.
    """

    def __init__(self, version: str, *, debian: bool = False) -> None:
        self.version = version
        self._numbers = version_numbers(version) or version_numbers(newest_version())
        self._debian = debian

    @cached_property
    def _values(self) -> dict[str, str]:
        return {**_values(self._numbers, self._debian), "mail_version": self.version}

    def get(self, name: str) -> str | None:
        """Return a default as ``postconf -d`` prints it; None where the version has no such parameter.

        What depends on the running system is empty.
        """
        return self._values.get(name)

    def known(self, name: str) -> Known | None:
        """Return what is known of a parameter; None where the version has no such parameter."""
        return None if self.get(name) is None else _known(name, self._numbers)

    def names(self) -> Iterator[str]:
        """Return the names that the version knows."""
        return iter(self._values)


def _debian_values(branch: tuple[int, ...]) -> Mapping[str, str]:
    branches: dict[str, dict[str, str]] = _table()["debian"]
    known = sorted(branches, key=version_numbers)
    fitting = [one for one in known if version_numbers(one) <= branch]
    return branches[fitting[-1] if fitting else known[0]]


@lru_cache(maxsize=KEPT)
def _values(version: tuple[int, ...], debian: bool) -> Mapping[str, str]:
    """Return the defaults of a version; ``mail_version`` is not among them."""
    branch = version[:2]
    of_debian = _debian_values(branch) if debian else {}
    values: dict[str, str] = {}
    for name, row in _table()["parameters"].items():
        value: str | None = None
        for since, *default in row[3]:
            if version_numbers(since) <= branch or since == OLDEST_BRANCH:
                value = default[0] if default else None
        for since, default in row[4]:
            numbers = version_numbers(since)
            if numbers[:2] == branch and numbers <= version:
                value = default
        if value is not None:
            values[name] = of_debian.get(name, value)
    return values


@lru_cache(maxsize=2000)
def _known(name: str, version: tuple[int, ...]) -> Known:
    row = _table()["parameters"].get(name)
    if row is None:
        return Known(Kind.TEXT, (), 0, 0)
    kind, programs, limits, _, _, *changes = row
    for since, *then in changes[0] if changes else ():
        if version_numbers(since) <= version:
            kind, limits = then
    minimum, _, maximum = limits.partition(",")
    return Known(Kind(kind), tuple(programs.split()), int(minimum or 0), int(maximum or 0))


def removed_in(name: str, version: str) -> str:
    """Return the branch that took a parameter away; empty when the version has it or no earlier one did."""
    row = _table()["parameters"].get(name)
    past = [entry for entry in row[3] if version_numbers(entry[0]) <= version_numbers(version)[:2]] if row else []
    return past[-1][0] if past and len(past[-1]) == 1 else ""


@cache
def raw_parameters() -> frozenset[str]:
    """Return the names of the parameters of kind ``RAW``."""
    return frozenset(name for name, row in _table()["parameters"].items() if row[0] == Kind.RAW)


@cache
def legacy_parameters() -> frozenset[str]:
    """Return names that are gone but still read where they are set (``pcf_legacy_str_table``)."""
    return frozenset(_table()["legacy"])


@cache
def read_only_parameters(version: tuple[int, ...]) -> frozenset[str]:
    """Return the parameters that postconf takes for Postfix's own, whatever the files say (``postconf_builtin.c``)."""
    return frozenset(("process_id", "process_name", *(() if version >= (3, 11) else ("service_name",))))


def service_parameters() -> Mapping[str, str]:
    """Return the endings of parameters that each transport has for itself, with the parameter that is their default."""
    suffixes: dict[str, str] = _table()["service"]
    return suffixes


def table_parameters() -> Mapping[str, list[str]]:
    """Return, by table type, the endings of parameters that a table of the old style is configured with in main.cf."""
    suffixes: dict[str, list[str]] = _table()["table"]
    return suffixes
