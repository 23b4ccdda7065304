"""Postfix's lists of hosts and of domains, such as ``mynetworks`` and ``mydestination``: what is in them.

Source: ``match_list_parse`` and ``match_list_match`` of ``src/util/match_list.c``, ``match_hostaddr`` and
``match_hostname`` of ``src/util/match_ops.c``: the first pattern that a name or an address matches decides, ``!``
before it turns its answer round, ``/file`` stands for the patterns in that file.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.access.addresses import EVERYWHERE, AddressSet, first_match, parsed_address
from auditor.access.facts import Unknown
from auditor.access.patterns import holds
from auditor.files.tables import Kind, Table, UnreadableTable, read_table
from auditor.host import Unreadable
from auditor.syntax.postfix_lines import logical_lines, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.host import Host
    from auditor.postfix.configuration import Parameter
    from auditor.text import Origin

LISTS: Final = 32
"""Lists of hosts, and tables in lists, that are kept for the next service that has them."""
MAX_FILES: Final = 100
"""Files of patterns that are opened for one list."""
_NAMELESS: Final = "unknown"
"""The name of a client whose address has no name, or none that leads back to it (smtpd_peer.c)."""
_FOUR, _SIX = (AddressSet.of([network]) for network in ("0.0.0.0/0", "::/0"))


class HostList(NamedTuple):
    """What a list of hosts comes to.

    ``failing`` are the addresses for which Postfix stops at a pattern that it cannot use: it answers them with 451.
    ``unknown`` are tables and files that cannot be read, and patterns of host names: only the DNS tells whose they are.
    """

    addresses: AddressSet
    failing: AddressSet = AddressSet()
    unknown: tuple[Unknown, ...] = ()


class _Pattern(NamedTuple):
    text: str
    matches: bool


def host_list(host: Host, parameter: Parameter) -> HostList:
    """Return what is in a list of hosts and networks."""
    return _host_list(host, parameter.name, parameter.effective, parameter.origin)


@lru_cache(LISTS)
def _host_list(host: Host, name: str, value: str, origin: Origin) -> HostList:
    reader = _Reader(host, name, value, origin)
    rules: list[tuple[AddressSet, bool | None]] = []
    names: list[str] = []
    for pattern in reader.patterns():
        if ":" in pattern.text and not pattern.text.startswith("["):
            rules += ((part, answer and pattern.matches) for part, answer in _in_table(reader, pattern.text, names))
        elif pattern.text == _NAMELESS:
            rules.append((EVERYWHERE, pattern.matches))
        else:
            found, failing = _networks(pattern.text)
            rules += [(found, pattern.matches), (failing, None)]
            if not found and not failing and pattern.matches:
                names.append(pattern.text)
    decided = first_match(rules)
    if names:
        reader.unknown.append(Unknown(f"which clients have the name {reader.said(names[0])}", "only the DNS tells"))
    return HostList(decided.get(True, AddressSet()), decided.get(None, AddressSet()), tuple(reader.unknown))


def _in_table(reader: _Reader, name: str, names: list[str]) -> Iterator[tuple[AddressSet, bool | None]]:
    """Yield the addresses that a table has, and None with those whose lookup fails; any result counts."""
    if parsed_address(name.partition("/")[0]):
        yield EVERYWHERE, None
        return
    table = reader.table(name)
    if table is None:
        return
    if table.kind is Kind.CONSTANT:
        yield EVERYWHERE, True
    elif table.kind is Kind.CIDR:
        yield from ((conjunction, True) for conjunction, _ in cidr_sets(table))
    elif table.kind is Kind.PATTERN:
        reader.unknown.append(Unknown(reader.said(name), "its regular expressions are not run"))
    else:
        for entry in table.entries:
            if parsed_address(entry.key):
                yield AddressSet.of([entry.key]), True
            elif entry.key == _NAMELESS:
                yield EVERYWHERE, True
            else:
                names.append(entry.key)


def cidr_sets(table: Table) -> Iterator[tuple[AddressSet, int]]:
    """Yield the addresses that each entry of a cidr table answers, whatever stands before it, and its index."""
    for index, (needed, _) in enumerate(table.networks()):
        found = EVERYWHERE
        for network, negated in needed:
            one = AddressSet.of([str(network)])
            found &= ((_FOUR if network.version == 4 else _SIX) - one) if negated else one
        yield found, index


def _networks(pattern: str) -> tuple[AddressSet, AddressSet]:
    """Return the addresses of a pattern, and those for which it is an error: a network with host bits, for one."""
    if parsed_address(pattern):
        return AddressSet.of([pattern]), AddressSet()
    plain, slash, length = pattern.partition("/")
    address = parsed_address(plain)
    if not slash or address is None:
        return AddressSet(), AddressSet()
    family = _FOUR if address.version == 4 else _SIX
    try:
        found = AddressSet.of([f"{address}/{int(length)}"])
    except ValueError:
        return AddressSet(), family
    return (found, AddressSet()) if next(found.networks()).network_address == address else (AddressSet(), family)


class DomainList:
    """What a list of domains comes to, such as ``mydestination`` or ``relay_domains``."""

    def __init__(self, host: Host, parameter: Parameter, *, parents: bool) -> None:
        """Read a list; ``parents`` says that a domain stands for those below it, too."""
        reader = _Reader(host, parameter.name, parameter.effective, parameter.origin)
        self._parents = parents
        self._patterns: list[tuple[str | Table, bool]] = []
        for pattern in reader.patterns():
            if ":" in pattern.text and not pattern.text.startswith("["):
                if table := reader.table(pattern.text):
                    self._patterns.append((table, pattern.matches))
            else:
                self._patterns.append((pattern.text.lower(), pattern.matches))
        self.unknown = tuple(reader.unknown)
        """The tables of it that cannot be read."""

    def __contains__(self, domain: object) -> bool:
        """Whether a domain is in it, as far as its tables can be read."""
        name = str(domain).lower()
        return next((matches for pattern, matches in self._patterns if self._matches(name, pattern)), False)

    def domains(self) -> Iterator[str]:
        """Yield the domains that are written out in it."""
        for pattern, matches in self._patterns:
            candidates = [pattern] if isinstance(pattern, str) else [entry.key for entry in pattern.entries]
            for one in candidates if matches else ():
                if "." in one and "@" not in one and one.strip(".") == one and one in self:
                    yield one

    def _matches(self, name: str, pattern: str | Table) -> bool:
        if isinstance(pattern, str):
            below = pattern if pattern.startswith(".") else f".{pattern}"
            return name == pattern or ((self._parents or pattern.startswith(".")) and name.endswith(below))
        if pattern.kind is Kind.PATTERN:
            return any(holds(entry, name) for entry in pattern.entries)
        parts = name.split(".")
        keys = [".".join(parts[at:]) for at in range(len(parts))] if self._parents else [name]
        return any(pattern.lookup(key) for key in keys)


@lru_cache(LISTS)
def _table(host: Host, name: str) -> Table | UnreadableTable:
    return read_table(host, name)


class _Reader:
    """The patterns of one list, and what of it could not be read."""

    def __init__(self, host: Host, name: str, value: str, origin: Origin) -> None:
        self._host = host
        self._value = value
        self._said = f"({name} at {origin})"
        self._files = 0
        self.unknown: list[Unknown] = []

    def patterns(self) -> Iterator[_Pattern]:
        yield from self._split(self._value, matches=True)

    def _split(self, text: str, *, matches: bool) -> Iterator[_Pattern]:
        for word in words(text):
            plain = word.text.lstrip("!")
            positive = matches is ((len(word.text) - len(plain)) % 2 == 0)
            if plain.startswith("/"):
                yield from self._from_file(plain, matches=positive)
            elif plain:
                yield _Pattern(plain if ":" in plain else plain.lower(), positive)

    def _from_file(self, name: str, *, matches: bool) -> Iterator[_Pattern]:
        self._files += 1
        source = self._host.read_text(name) if self._files <= MAX_FILES else None
        if source is None:
            self.unknown.append(Unknown(self.said(name), "there are too many files"))
        elif isinstance(source, Unreadable):
            self.unknown.append(Unknown(self.said(name), str(source)))
        else:
            for line in logical_lines(source):
                yield from self._split(line.text, matches=matches)

    def table(self, name: str) -> Table | None:
        found = _table(self._host, name)
        if not isinstance(found, UnreadableTable):
            return found
        self.unknown.append(Unknown(self.said(name), found.why))
        return None

    def said(self, name: str) -> str:
        """Return what is not known, for a sentence."""
        return f"{name.partition('{')[0]} {self._said}"
