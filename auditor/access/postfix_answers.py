"""What Postfix's access tables answer: to addresses exactly, to texts that a client chooses as far as they are known.

Sources: access(5); ``check_table_result``, ``check_domain_access``, ``check_addr_access`` and ``check_mail_access`` of
``src/smtpd/smtpd_check.c``; ``mail_addr_find_opt`` of ``src/global/mail_addr_find.c``.
"""

from __future__ import annotations

import re
from collections import Counter
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.access.addresses import EVERYWHERE, AddressSet, first_match, parsed_address
from auditor.access.facts import Unknown
from auditor.access.match_lists import cidr_sets
from auditor.access.patterns import plain_pattern
from auditor.files.tables import Entry, Kind, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


class Verdict(Enum):
    """What a restriction, or a result of an access table, does to a request."""

    PERMIT = "permits"
    """It ends its list, and the list lets the request past."""
    REFUSE = "refuses"
    ERROR = "is an error"
    """Postfix answers 451, even behind warn_if_reject."""
    DEFER = "defers what is permitted"
    """The request is refused in the end unless it is refused before."""
    PASS = "passes"
    """The next restriction decides."""
    RESTRICTIONS = "names restrictions"
    UNKNOWN = "is not known"


class Answer(NamedTuple):
    """A verdict and what it rests on: the restrictions that it names, the table's entry, what is not known.

    ``may_permit`` says of an unknown one whether it may be a permission.
    """

    verdict: Verdict
    restrictions: str = ""
    entry: Entry | None = None
    unknown: tuple[Unknown, ...] = ()
    may_permit: bool = False

    @property
    def may_let_past(self) -> bool:
        """Whether a request can get past a list by it that would be refused without it."""
        return self.verdict in (Verdict.PERMIT, Verdict.RESTRICTIONS) or self.may_permit


PASS: Final = Answer(Verdict.PASS)
PERMIT: Final = Answer(Verdict.PERMIT)
REFUSE: Final = Answer(Verdict.REFUSE)
ERROR: Final = Answer(Verdict.ERROR)
_WORDS: Final = {
    "dunno": Verdict.PASS,
    "info": Verdict.PASS,
    "warn": Verdict.PASS,
    "filter": Verdict.PASS,
    "hold": Verdict.PASS,
    "redirect": Verdict.PASS,
    "bcc": Verdict.PASS,
    "prepend": Verdict.PASS,
    "defer_if_reject": Verdict.PASS,
    "ok": Verdict.PERMIT,
    "relay": Verdict.PERMIT,
    "reject": Verdict.REFUSE,
    "defer": Verdict.REFUSE,
    "hangup": Verdict.REFUSE,
    "discard": Verdict.REFUSE,
    "defer_if_permit": Verdict.DEFER,
}
"""What results do that are one word with a text behind it; what is discarded never gets anywhere."""
_OCTET: Final = re.compile("0|[1-9][0-9]{0,2}")
_GROUP: Final = re.compile("0|[1-9a-f][0-9a-f]{0,3}")
_REPLY: Final = re.compile(r"[45][0-9][0-9][ \t]+[^ \t]")


def answer_of(entry: Entry) -> Answer:
    """Return what an entry's result means.

    A number alone permits, also one that looks like a reply code: ``550`` without a text lets the client past.
    """
    result = entry.result
    verdict = _WORDS.get(re.split(r"[ \t]", result, maxsplit=1)[0].lower())
    if verdict is None and (not result or re.fullmatch("[0-9]+", result)):
        verdict = Verdict.PERMIT
    if verdict is None and _REPLY.match(result):
        verdict = Verdict.REFUSE
    if verdict is None and ":" in result:
        verdict = Verdict.ERROR
    return Answer(verdict, entry=entry) if verdict else Answer(Verdict.RESTRICTIONS, result, entry)


TABLES: Final = 64
"""Tables whose judgement is kept for the next service that uses them."""


@lru_cache(TABLES)
def named_restrictions(table: Table) -> tuple[Answer, ...]:
    """Return the answers of a table that name restrictions, the first entry of each result."""
    first = {entry.result: entry for entry in reversed(table.entries)}
    answers = map(answer_of, reversed(first.values()))
    return tuple(answer for answer in answers if answer.verdict is Verdict.RESTRICTIONS)


class Text(NamedTuple):
    """A text that a client sends. ``picked`` is the entry of a regular expression that it was chosen to match."""

    text: str
    picked: Entry | None = None


def helo_keys(name: str, *, parents: bool) -> Iterator[str]:
    """Yield what a HELO name is looked up by; ``parents`` says that a domain stands for those below it."""
    if not name:
        return
    yield name
    if parsed_address(name):
        return
    at = name.find(".", 1)
    while at >= 0:
        yield name[at + 1 :] if parents else name[at:]
        at = name.find(".", at + 1)


def mail_keys(address: str, *, parents: bool) -> Iterator[str]:
    """Yield what a mail address is looked up by; an empty one by the key of ``smtpd_null_access_lookup_key``."""
    if not address:
        yield "<>"
        return
    local, at, domain = address.rpartition("@")
    yield address
    if not at:
        return
    bare = local.split("+", 1)[0] or local
    if bare != local:
        yield f"{bare}@{domain}"
    yield from helo_keys(domain, parents=parents)
    yield f"{local}@"
    if bare != local:
        yield f"{bare}@"


def text_answer(table: Table, subject: Text, keys: Iterable[str], *, own_choice: bool = True) -> Answer:
    """Return what a table answers to a text, by its keys in their order.

    ``own_choice`` says that the client may choose any text: then it avoids the regular expressions that refuse.
    """
    if table.kind is Kind.PATTERN:
        return _pattern_answer(table, subject, next(iter(keys), ""), own_choice=own_choice)
    for key in keys:
        found = table.lookup(key)
        if isinstance(found, Entry):
            return answer_of(found)
    return PASS


def _pattern_answer(table: Table, subject: Text, key: str, *, own_choice: bool) -> Answer:
    """Return the answer of the first expression that matches; one that is not plain text matches what picked it."""
    for entry in table.entries:
        if entry is subject.picked:
            if entry.key.startswith("!"):
                continue
            return answer_of(entry)
        pattern = plain_pattern(entry)
        if pattern:
            if pattern.matches(key):
                return answer_of(entry)
        elif entry.key.startswith("!") or not own_choice:
            answer = answer_of(entry)
            if answer.verdict is not Verdict.PASS:
                why = Unknown(
                    f"whether {entry.key} in {table.specification} matches", "regular expressions are not run"
                )
                return Answer(Verdict.UNKNOWN, unknown=(why,), may_permit=answer.may_let_past)
    return PASS


@lru_cache(TABLES)
def client_answers(table: Table, name: str) -> tuple[tuple[AddressSet, Answer], ...]:
    """Return what a table of check_client_access answers to which addresses; ``name`` is how a report calls it.

    A client's name is looked up before its address. Here the client has none, which is looked up as ``unknown``
    (smtpd_peer.c); what only clients of some name get is not known, for the DNS tells who they are.
    """
    if table.kind is Kind.CONSTANT:
        return ((EVERYWHERE, answer_of(table.entries[0])),)
    if table.kind is Kind.PATTERN:
        return ((EVERYWHERE, _pattern_answer(table, Text("unknown"), "unknown", own_choice=False)),)
    rules = _cidr_rules(table) if table.kind is Kind.CIDR else _prefix_rules(table)
    answers: dict[tuple[Verdict, str], int] = {}
    distinct: list[Answer] = []
    numbered: list[tuple[AddressSet, int]] = []
    for addresses, answer in rules:
        effect = (answer.verdict, answer.restrictions)
        if effect not in answers:
            answers[effect] = len(distinct)
            distinct.append(answer)
        numbered.append((addresses, answers[effect]))
    numbered.append((EVERYWHERE, len(distinct)))
    distinct.append(_answer_to_names(table, name))
    return tuple((addresses, distinct[number]) for number, addresses in first_match(numbered).items())


def _cidr_rules(table: Table) -> Iterator[tuple[AddressSet, Answer]]:
    for addresses, index in cidr_sets(table):
        yield addresses, answer_of(table.entries[index])


def _prefix_rules(table: Table) -> Iterator[tuple[AddressSet, Answer]]:
    """Yield the answers to addresses and to their leading parts (``1.2.3``), the longest first (access(5))."""
    nameless = table.lookup("unknown")
    if isinstance(nameless, Entry):
        yield EVERYWHERE, answer_of(nameless)
    networks = [(length, network, entry) for entry in table.entries for network, length in _prefixes(entry.key)]
    for _, network, entry in sorted(networks, key=lambda one: -one[0]):
        yield AddressSet.of([network]), answer_of(entry)


def _prefixes(key: str) -> Iterator[tuple[str, int]]:
    """Yield the networks of a key with the lengths of their prefixes; none for a key that is no part of an address.

    Keys are compared as text with what is left of an address as parts are taken off its end, at colons if it has any:
    ``198`` is the beginning of 198.51.100.7 and of 198::7.
    """
    key = key.lower()
    address = parsed_address(key) if not key.startswith("[") else None
    if address:
        if str(address) == key:
            yield key, address.max_prefixlen
        return
    parts = key.split(".")
    if len(parts) < 4 and all(_OCTET.fullmatch(part) and int(part) < 256 for part in parts):
        yield ".".join([*parts, *"000"][:4]) + f"/{8 * len(parts)}", 8 * len(parts)
    groups = key.split(":")
    if len(groups) < 8 and all(map(_GROUP.fullmatch, groups)):
        yield f"{key}::/{16 * len(groups)}", 16 * len(groups)


def _is_name(key: str) -> bool:
    return key != "unknown" and not parsed_address(key) and not any(_prefixes(key))


def _answer_to_names(table: Table, name: str) -> Answer:
    """Return the answer to clients that no entry for addresses is about."""
    named = (entry for entry in table.entries if table.kind is Kind.EXACT and _is_name(entry.key))
    permits = next((entry for entry in named if answer_of(entry).may_let_past), None)
    if permits is None:
        return PASS
    why = Unknown(f"which clients have the name {permits.key} in {name}", "only the DNS tells")
    return Answer(Verdict.UNKNOWN, entry=permits, unknown=(why,), may_permit=True)


def choices(
    tables: Sequence[Table], candidate: Callable[[str], str | None], answers: Callable[[Text], tuple[Answer, ...]]
) -> list[Text]:
    """Return texts that tables do not refuse, one for each combination of answers.

    ``candidate`` turns a key of a table into a text that it answers, or None; ``answers`` asks all tables.
    """
    found: dict[tuple[tuple[Verdict, str], ...], Text] = {}
    for text in (text for table in tables for text in _texts(table, candidate)):
        effect = tuple((answer.verdict, answer.restrictions) for answer in answers(text))
        found.setdefault(effect, text)
        if len(found) == MAX_CHOICES:
            break
    return list(found.values())


def _texts(table: Table, candidate: Callable[[str], str | None]) -> Iterator[Text]:
    """Yield texts that one table lets past, or at least passes over: it may refuse all others."""
    for entry in _examples(table):
        text = _text_for(table, entry, candidate)
        if text is not None:
            yield text


@lru_cache(TABLES)
def _examples(table: Table) -> tuple[Entry, ...]:
    """Return some entries for each thing that a table may do, but for those that refuse."""
    tried: Counter[tuple[Verdict, str]] = Counter()
    found: list[Entry] = []
    for entry in table.entries if table.kind in (Kind.EXACT, Kind.PATTERN) else ():
        answer = answer_of(entry)
        effect = (answer.verdict, answer.restrictions)
        tried[effect] += 1
        negated = table.kind is Kind.PATTERN and entry.key.startswith("!")
        if tried[effect] <= MAX_CHOICES and (negated or answer.verdict not in _REFUSING):
            found.append(entry)
    return tuple(found)


_REFUSING: Final = frozenset({Verdict.REFUSE, Verdict.ERROR, Verdict.DEFER})
MAX_CHOICES: Final = 12
"""Texts with different answers that are tried for one part of a session."""


def _text_for(table: Table, entry: Entry, candidate: Callable[[str], str | None]) -> Text | None:
    """Return a text for an entry; for a negated expression one that it does not match, so that another may."""
    pattern = plain_pattern(entry) if table.kind is Kind.PATTERN else None
    picked = entry if table.kind is Kind.PATTERN and pattern is None else None
    text = candidate(entry.key if table.kind is Kind.EXACT else pattern.text if pattern else "")
    return None if text is None else Text(text, picked)
