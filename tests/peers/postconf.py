"""As much of postconf's command line as its own tests use to show parameters and services."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from auditor.postfix.shown import parameters_shown, squeezed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.postfix.configuration import Configuration, Service

FIELDS = ("service", "type", "private", "unprivileged", "chroot", "wakeup", "process_limit", "command")


@dataclass(frozen=True)
class Request:
    """What a command line asks for: the letters of its options, and the names behind them."""

    letters: frozenset[str]
    names: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, arguments: list[str]) -> Request:
        """Take a command line apart; ``-c`` names the folder."""
        letters: set[str] = set()
        names: list[str] = []
        rest = iter(arguments)
        for argument in rest:
            if not argument.startswith("-"):
                names.append(argument)
                continue
            options, _, folder = argument[1:].partition("c")
            letters.update(options)
            if argument.endswith("c"):
                next(rest)
            else:
                letters.update(folder.strip(". "))
        return cls(frozenset(letters), names)


def printed(configuration: Configuration, request: Request) -> list[str]:
    """Return the lines that postconf prints, none of them folded."""
    if "M" in request.letters:
        return [_entry(one) for one in _selected(configuration, request.names)]
    if "F" in request.letters:
        rows = [row for one in configuration.services for row in _fields(one)]
    elif "P" in request.letters:
        rows = [
            (f"{one.service}/{one.type}/{name}", squeezed(option.value))
            for one in configuration.services
            for name, option in one.options.items()
        ]
    else:
        rows = list(_parameters(configuration, request))
    if "h" in request.letters:
        return [value for _, value in rows]
    return [name if "H" in request.letters else f"{name} = {value}".rstrip() for name, value in rows]


def _parameters(configuration: Configuration, request: Request) -> Iterator[tuple[str, str]]:
    shown = parameters_shown(configuration, defaults="n" not in request.letters)
    for name, one in shown.items():
        if not request.names or name in request.names:
            yield name, (one.expanded or "") if "x" in request.letters else one.value


def _selected(configuration: Configuration, patterns: list[str]) -> Iterator[Service]:
    for one in configuration.services:
        if not patterns or any(fnmatchcase(f"{one.service}/{one.type}", pattern) for pattern in patterns):
            yield one


def _entry(one: Service) -> str:
    return " ".join(value for _, value in _fields(one))


def _fields(one: Service) -> list[tuple[str, str]]:
    values = (one.service, one.type, one.private, one.unpriv, one.chroot, one.wakeup, one.maxproc, one.command)
    return [(f"{one.service}/{one.type}/{name}", value) for name, value in zip(FIELDS, values, strict=True)]
