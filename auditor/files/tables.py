"""Postfix's lookup tables, as far as they can be read without running anything.

Sources: cidr_table(5), regexp_table(5), pcre_table(5), DATABASE_README; src/util/dict_thash.c, dict_inline.c,
dict_static.c, dict_cidr.c, dict_regexp.c. The tests ask ``postmap -q`` the same questions.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Final

from auditor.files.table_rules import Address, Condition, Network, Rule, address, cidr_rules, pattern_rules
from auditor.host import Host, Reason, Unreadable
from auditor.syntax.postfix_lines import WHITE, Word, braced, logical_lines, name_value, words
from auditor.text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.text import SourceFile, Span

MAX_ENTRIES: Final = 200_000
"""Entries of one table that are looked at."""

INDEXED: Final = {"hash": ".db", "btree": ".db", "lmdb": ".lmdb", "cdb": ".cdb", "dbm": ".pag", "sdbm": ".pag"}
"""Types that postmap(1) makes from a text file, and what it appends to the name of that file."""

_PATTERN_TYPES: Final = frozenset({"regexp", "pcre"})
_DATABASES: Final = frozenset({"mysql", "pgsql", "sqlite", "ldap", "mongodb", "memcache"})
_SERVERS: Final = frozenset({"tcp", "socketmap", "nis", "nisplus", "netinfo"})
_JOINED: Final = frozenset({"pipemap", "unionmap", "randmap"})
_KEY: Final = re.compile(r'(?:\\.|"(?:\\.|[^"\\])*+"|[^"\\ \t\n\r\f\v])++', re.DOTALL)
_ASCII_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class Kind(Enum):
    """How a table is searched."""

    EXACT = "exact"
    """By keys, without regard to the case of ASCII letters."""
    CIDR = "cidr"
    PATTERN = "pattern"
    CONSTANT = "constant"
    """Every key has the one result."""


class Undecided(Enum):
    """Stands for the answer of a table of regular expressions, which are not run here."""

    UNDECIDED = "undecided"


UNDECIDED: Final = Undecided.UNDECIDED


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One entry: key or pattern as it is written, and the result, which may be a secret.

    ``span`` is the key's place in the table's file, or the place of the table's name for one that stands in main.cf.
    ``guarded`` says that a pattern stands behind an ``if``, so that it counts for some keys only.
    """

    key: str
    result: str = field(repr=False)
    span: Span | None = field(default=None, repr=False)
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class UnreadableTable:
    """A table that cannot be read, and why, in words for ``not checked``.

    As text it leaves out what stands in braces, which may be a secret.
    """

    specification: str = field(repr=False)
    why: str

    def __str__(self) -> str:
        return escaped(f"{self.specification.partition('{')[0]}: {self.why}")


@dataclass(frozen=True, eq=False)
class Table:
    """A table that was read. ``specification`` is ``type:name`` (of a table inside main.cf the type alone).

    ``note`` says what is wrong with the indexed file that Postfix reads instead of the text, empty when nothing is.
    ``ignored`` are lines that Postfix skips with a warning. ``cut`` says that there are ``MAX_ENTRIES`` entries
    or more.
    """

    specification: str
    kind: Kind
    entries: tuple[Entry, ...] = field(repr=False)
    source: SourceFile | None = field(default=None, repr=False)
    note: str = ""
    ignored: tuple[int, ...] = ()
    cut: bool = False
    _rules: tuple[Rule, ...] = field(default=(), repr=False)
    _conditions: tuple[Condition, ...] = field(default=(), repr=False)

    @cached_property
    def _by_key(self) -> dict[str, Entry]:
        return {entry.key.translate(_ASCII_LOWER): entry for entry in self.entries}

    def lookup(self, key: str) -> Entry | Undecided | None:
        """Return the entry that answers a key, None when none does.

        The key is taken as it is: what a Postfix program tries besides (parent domains, networks) is the caller's part.
        """
        match self.kind:
            case Kind.CONSTANT:
                return self.entries[0]
            case Kind.EXACT:
                return self._by_key.get(key.translate(_ASCII_LOWER))
            case Kind.CIDR:
                wanted = address(key)
                return None if wanted is None else self._matching(wanted)
            case Kind.PATTERN:
                return UNDECIDED if self.entries else None

    def _matching(self, wanted: Address) -> Entry | None:
        holds: list[bool] = []
        for condition in self._conditions:
            above = condition.parent is None or holds[condition.parent]
            holds.append(above and condition.matches(wanted))
        for rule, entry in zip(self._rules, self.entries, strict=True):
            if (rule.condition is None or holds[rule.condition]) and rule.matches(wanted):
                return entry
        return None

    def networks(self) -> Iterator[tuple[tuple[tuple[Network, bool], ...], Entry]]:
        """Yield the entries of a cidr table with the networks that an address must be in, or not in where negated.

        A network says something about its own address family only.
        """
        for rule, entry in zip(self._rules, self.entries, strict=True):
            needed: list[tuple[Network, bool]] = [(rule.network, rule.negated)] if rule.network else []
            around = rule.condition
            while around is not None:
                condition = self._conditions[around]
                needed.append((condition.network, condition.negated))
                around = condition.parent
            yield tuple(needed), entry

    def results(self) -> Iterator[str]:
        """Yield every result that some key may have, as it is written (``$1`` of patterns not replaced)."""
        return (entry.result for entry in self.entries)


def read_table(
    host: Host, specification: str, *, at: Span | None = None, secret: bool = False
) -> Table | UnreadableTable:
    """Return a table by its specification (``type:name``, expanded), or why it cannot be read.

    ``at`` is where the specification stands. With ``secret`` the results are marked secret in the text, as those of
    ``smtp_sasl_password_maps`` must be; a file with ``passw`` in its name is always treated so.
    """
    kind, colon, name = specification.strip(WHITE).partition(":")
    if not colon:
        return UnreadableTable(specification, "it is not of the form type:name")
    if kind == "proxy":
        found = read_table(host, name, at=at, secret=secret) if not name.startswith("proxy:") else None
        return found or UnreadableTable("proxy:proxy", "a proxied table cannot be proxied again")
    if kind == "static":
        return Table("static", Kind.CONSTANT, (Entry("", _static(name), at),))
    if kind == "inline":
        return _inline(name, at)
    if kind in _PATTERN_TYPES or kind == "cidr":
        if name.startswith("{"):
            return _inside_main_cf(kind, name, at)
        return _rules_file(host, kind, name, secret=secret)
    if kind == "texthash" or kind in INDEXED:
        return _keys_file(host, kind, name, secret=secret)
    return UnreadableTable(specification, _why(kind))


def _why(kind: str) -> str:
    if kind in _DATABASES:
        return f"only the {kind} database knows its answers"
    if kind in _SERVERS:
        return "only the server behind it knows its answers"
    if kind in _JOINED:
        return "it joins other tables, which is not looked into"
    return "tables of this type are not read"


def _static(name: str) -> str:
    return braced(Word(name, 0, len(name))).text if name.startswith("{") else name


def _inline(name: str, at: Span | None) -> Table | UnreadableTable:
    inside = braced(Word(name, 0, len(name)))
    if not name.startswith("{") or inside.error or not inside.text:
        return UnreadableTable("inline", 'Postfix refuses it: need "inline:{name=value...}"')
    entries: dict[str, Entry] = {}
    for word in words(inside.text):
        part = braced(word) if word.text.startswith("{") else None
        pair = name_value(part.text if part else word.text)
        if pair.error or (part and part.error):
            return UnreadableTable("inline", 'Postfix refuses it: need "inline:{name=value...}"')
        entries[pair.name.translate(_ASCII_LOWER)] = Entry(pair.name, pair.value, at)
        if len(entries) > MAX_ENTRIES:
            return UnreadableTable("inline", "it has too many entries")
    return Table("inline", Kind.EXACT, tuple(entries.values()))


def _inside_main_cf(kind: str, name: str, at: Span | None) -> Table | UnreadableTable:
    inside = braced(Word(name, 0, len(name)))
    lines = [braced(word) if word.text.startswith("{") else None for word in words(inside.text)]
    if inside.error or not all(line and not line.error for line in lines) or len(lines) > MAX_ENTRIES:
        return UnreadableTable(kind, f'Postfix refuses it: need "{kind}:{{{{rule}}, {{rule}}…}}"')
    texts = [line.text for line in lines if line]
    return _rules_table(kind, kind, texts, [at] * len(texts), None)


def _rules_file(host: Host, kind: str, name: str, *, secret: bool) -> Table | UnreadableTable:
    source = _text(host, kind, name)
    if isinstance(source, UnreadableTable):
        return source
    texts: list[str] = []
    spans: list[Span | None] = []
    for line in logical_lines(source):
        if len(texts) == MAX_ENTRIES:
            return UnreadableTable(f"{kind}:{name}", "it has too many entries")
        texts.append(line.text)
        spans.append(line.span(0, len(line.text.rstrip(WHITE))))
    if _is_secret(name, secret=secret):
        source.mark_secret(0, len(source.text))
    return _rules_table(kind, f"{kind}:{name}", texts, spans, source)


def _rules_table(
    kind: str, specification: str, texts: list[str], spans: list[Span | None], source: SourceFile | None
) -> Table:
    rules, conditions, ignored = cidr_rules(texts) if kind == "cidr" else pattern_rules(texts)
    entries = tuple(Entry(rule.key, rule.result, spans[rule.index], rule.guarded) for rule in rules)
    lines = tuple(span.line for span in (spans[index] for index in ignored) if span) if source else ()
    searched = Kind.CIDR if kind == "cidr" else Kind.PATTERN
    return Table(
        specification, searched, entries, source, ignored=lines, _rules=tuple(rules), _conditions=tuple(conditions)
    )


def _keys_file(host: Host, kind: str, name: str, *, secret: bool) -> Table | UnreadableTable:
    source = _text(host, kind, name)
    if isinstance(source, UnreadableTable):
        return source
    entries: dict[str, Entry] = {}
    ignored: list[int] = []
    hidden = _is_secret(name, secret=secret)
    # What stands between two keys is hidden as a whole: comments may hold secrets just as well.
    at = 0
    for line in logical_lines(source):
        match = _KEY.match(line.text)
        end = match.end() if match else 0
        result = line.text[end:].strip(WHITE)
        if not end or not result or line.text[end] not in WHITE:
            ignored.append(line.number)
            continue
        if len(entries) == MAX_ENTRIES:
            break
        span = line.span(0, end)
        if hidden:
            source.mark_secret(at, span.start)
            at = span.end
        key = line.text[:end]
        entries.setdefault(key.translate(_ASCII_LOWER), Entry(key, result, span))
    if hidden:
        source.mark_secret(at, len(source.text))
    note = _index_note(host, kind, name)
    cut = len(entries) == MAX_ENTRIES
    return Table(f"{kind}:{name}", Kind.EXACT, tuple(entries.values()), source, note, tuple(ignored), cut)


def _text(host: Host, kind: str, name: str) -> SourceFile | UnreadableTable:
    specification = f"{kind}:{name}"
    if not name.startswith("/"):
        return UnreadableTable(specification, "its name is not absolute")
    source = host.read_text(name)
    if not isinstance(source, Unreadable):
        return source
    if source.reason is Reason.MISSING and kind in INDEXED and host.exists(name + INDEXED[kind]):
        index = escaped(name + INDEXED[kind])
        return UnreadableTable(specification, f"only the indexed file {index} is there, not its text")
    return UnreadableTable(specification, str(source))


def _is_secret(name: str, *, secret: bool) -> bool:
    return secret or "passw" in name.lower()


def _index_note(host: Host, kind: str, name: str) -> str:
    """Return what is wrong with the indexed file; a tree without modes is a copy, whose times mean nothing either."""
    if kind not in INDEXED or not host.modes_known:
        return ""
    index = name + INDEXED[kind]
    made, written = modified(host, index), modified(host, name)
    index = escaped(index)
    if made is None:
        return f"the indexed file {index} is missing, and without it Postfix has no table"
    return f"the indexed file {index} is older than its text" if written is not None and made < written else ""


def modified(host: Host, name: str) -> float | None:
    """Return when a file was last written, in seconds since 1970; None where it is not there."""
    resolved = host.resolve(name)
    real = None if isinstance(resolved, Unreadable) else host.real_path(resolved[0])
    try:
        return os.lstat(real).st_mtime if real else None
    except (OSError, ValueError):
        return None
