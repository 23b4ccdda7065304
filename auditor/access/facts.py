"""Three-valued facts: yes, no, or not known, each with the places that make it so."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.text import Origin

Because = tuple["Origin", str]
"""A place and what it does, as a label beside the text."""


class Truth(Enum):
    """Kleene's three values."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Unknown(NamedTuple):
    """Something that was needed and is not known: what, why, and what it would take."""

    what: str
    why: str


class Fact(NamedTuple):
    """Whether something is so, and the places that make it so; where it is not known, what was missing."""

    truth: Truth
    because: tuple[Because, ...] = ()
    unknown: tuple[Unknown, ...] = ()

    @property
    def possible(self) -> bool:
        """Whether it is so or may be so."""
        return self.truth is not Truth.NO

    @property
    def certain(self) -> bool:
        """Whether it is so."""
        return self.truth is Truth.YES


def yes(*because: Because) -> Fact:
    """Return the fact that something is so."""
    return Fact(Truth.YES, because)


def no(*because: Because) -> Fact:
    """Return the fact that something is not so."""
    return Fact(Truth.NO, because)


def unknown(what: str, why: str, *because: Because) -> Fact:
    """Return that something cannot be said, and why."""
    return Fact(Truth.UNKNOWN, because, (Unknown(what, why),))


def all_of(facts: Iterable[Fact]) -> Fact:
    """Return whether all are so: one that is not decides, before one that is not known."""
    found = list(facts)
    for truth in (Truth.NO, Truth.UNKNOWN):
        deciding = [fact for fact in found if fact.truth is truth]
        if deciding:
            return deciding[0] if truth is Truth.NO else _merged(truth, deciding)
    return _merged(Truth.YES, found)


def any_of(facts: Iterable[Fact]) -> Fact:
    """Return whether one is so: one that is decides, before one that is not known."""
    found = list(facts)
    for truth in (Truth.YES, Truth.UNKNOWN):
        deciding = [fact for fact in found if fact.truth is truth]
        if deciding:
            return deciding[0] if truth is Truth.YES else _merged(truth, deciding)
    return _merged(Truth.NO, found)


def _merged(truth: Truth, facts: Iterable[Fact]) -> Fact:
    found = list(facts)
    return Fact(
        truth,
        tuple(dict.fromkeys(place for fact in found for place in fact.because)),
        tuple(dict.fromkeys(missing for fact in found for missing in fact.unknown)),
    )
