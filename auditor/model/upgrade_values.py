"""Values that an upgrade of Dovecot changes without a word: by what wins, by new defaults, by what they are read as."""

from __future__ import annotations

from itertools import combinations, islice
from typing import TYPE_CHECKING, Final

from auditor.dovecot.configuration import GLOBAL, Scope
from auditor.dovecot.upgrade_table import upgrade_table
from auditor.dovecot.v24_words import shown
from auditor.finding import NotChecked, Severity
from auditor.model.upgrade import Break, line_of
from auditor.syntax.dovecot import Kind
from auditor.text import Origin, escaped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from auditor.dovecot.configuration import Configuration, Setting
    from auditor.dovecot.v24_older import Older
    from auditor.model.upgrade import Line

MAX_PAIRS: Final = 500
"""Pairs of filters that are looked at for one setting."""
MAX_SCOPES: Final = 1000
"""Connections of different kinds for which what wins is looked up."""
_FILTERS: Final = ("protocol ", "local ", "remote ", "local_name ")


def changed_filters(configuration: Configuration, old: Configuration) -> Iterator[Break | NotChecked]:
    """Yield settings for which another of two matching filters wins: in 2.3 the narrower, in 2.4 the later one."""
    seen: set[tuple[Line, Line]] = set()
    looked_up = 0
    for key, scopes in _set_in_filters(old).items():
        new_key = _new_name(key)
        for scope in _overlapping(scopes):
            looked_up += 1
            if looked_up > MAX_SCOPES:
                yield NotChecked("which of its filters wins after the upgrade", f"more than {MAX_SCOPES} to compare")
                return
            before, after = old.get(key, scope), configuration.get(new_key, scope)
            if not before or not after or not before.origin.span or not after.origin.span:
                continue
            places = line_of(before.origin.span), line_of(after.origin.span)
            if places[0] == places[1] or places in seen or before.value == after.value:
                continue
            seen.add(places)
            yield Break(
                key,
                before.origin,
                f"Dovecot {configuration.version} takes {escaped(key)} from another filter for {_said(scope)}: "
                "of filters that match, the one that comes later wins there, not the narrower",
                "put the block of the narrower filter behind that of the wider one",
                severity=Severity.MEDIUM,
                because=((after.origin, f"what counts for Dovecot {configuration.version}"),),
            )


def _new_name(key: str) -> str:
    entry = upgrade_table().entry("", key)
    return entry.new[0] if entry and len(entry.new) == 1 else key


def _set_in_filters(old: Configuration) -> dict[str, list[Scope]]:
    """Return the settings that filters set, each with the scopes of those that do."""
    found: dict[str, list[Scope]] = {}
    for name in old.settings():
        scope = Scope()
        rest = name
        while rest.startswith(_FILTERS):
            kind, _, tail = rest.partition(" ")
            text, slash, rest_of = _split_filter(tail, kind)
            if not slash:
                break
            scope, rest = scope._replace(**{kind: text}), rest_of
        if scope != GLOBAL and rest and "/" not in rest:
            found.setdefault(rest, []).append(scope)
    return {key: scopes for key, scopes in found.items() if len(scopes) > 1}


def _split_filter(tail: str, kind: str) -> tuple[str, str, str]:
    """Return a filter's argument and what comes behind it; that of a network has a slash of its own."""
    text, slash, rest = tail.partition("/")
    bits, more, behind = rest.partition("/")
    if kind in ("local", "remote") and more and bits.isdigit():
        return f"{text}/{bits}", more, behind
    return text, slash, rest


def _overlapping(scopes: list[Scope]) -> Iterator[Scope]:
    """Yield the scopes themselves, and of two that do not contradict each other the one that is in both."""
    yield from scopes
    for one, other in islice(combinations(scopes, 2), MAX_PAIRS):
        pairs = [(getattr(one, name), getattr(other, name)) for name in ("protocol", "local", "remote", "local_name")]
        if all(not mine or not theirs or mine == theirs for mine, theirs in pairs):
            yield Scope(*(mine or theirs for mine, theirs in pairs))


def _said(scope: Scope) -> str:
    parts = [
        f"{name} {value}"
        for name, value in (
            ("protocol", scope.protocol),
            ("local", scope.local),
            ("remote", scope.remote),
            ("local_name", scope.local_name),
        )
        if value
    ]
    return escaped(", ".join(parts))


def changed_defaults(configuration: Configuration, older: Older) -> Iterator[Break]:
    """Yield settings that the files leave alone and that have another default in 2.4."""
    old = older.configuration
    for default in upgrade_table().defaults:
        setting = old.get(default.name)
        if setting is None or setting.origin.span is not None:
            continue
        if default.name == "protocols" and _packages_name_protocols(older):
            continue
        new = f"`{default.new}`" if default.new else "empty"
        yield Break(
            default.name,
            Origin(old.main_file.span(0, 0)),
            f"Dovecot {configuration.version} has another default for {default.name}: {new} instead of `{default.old}`",
            default.advice.replace("{value}", setting.value or default.old),
            severity=Severity(default.severity),
        )


def _packages_name_protocols(older: Older) -> bool:
    """Whether Debian's packages name the protocols, each in a file of its own that the upgrade replaces."""
    includes = (line.statement for line in older.lines.values())
    return any(one.kind in (Kind.INCLUDE, Kind.INCLUDE_TRY) and "protocols.d/" in one.value for one in includes)


def changed_values(configuration: Configuration, old: Configuration, refused: Collection[Line]) -> Iterator[Break]:
    """Yield settings that two versions of one dialect read differently, and defaults that differ."""
    before, after = (one.settings(defaults=True) for one in (old, configuration))
    for name, shown_setting in before.items():
        # What is shown has its references unresolved; a setting of a block can be asked for only as it is shown.
        setting = (None if "/" in name else old.get(name)) or shown_setting
        new = (None if "/" in name else configuration.get(name)) or after.get(name)
        span = setting.origin.span
        if span is None:
            if new and new.origin.span is None and new.value != setting.value and not (new.secret or setting.secret):
                yield _changed_default(configuration, old, setting, new)
        elif line_of(span) not in refused and new and new.value != setting.value:
            what = "" if new.secret or setting.secret else f": `{shown(new.value)}` instead of `{shown(setting.value)}`"
            message = f"Dovecot {configuration.version} reads {escaped(name)} differently, without a word{what}"
            yield Break(name, setting.origin, message, severity=Severity.MEDIUM)


def _changed_default(configuration: Configuration, old: Configuration, setting: Setting, new: Setting) -> Break:
    return Break(
        setting.name,
        Origin(old.main_file.span(0, 0)),
        f"Dovecot {configuration.version} has another default for {escaped(setting.name)}: `{shown(new.value)}` "
        f"instead of `{shown(setting.value)}`",
        f"write `{escaped(setting.name.rpartition('/')[2])} = {shown(setting.value)}` for what {old.version} does",
        severity=Severity.INFO,
    )
