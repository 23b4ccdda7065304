"""The ways by which one kind of user gets past the passdbs, and who these users are in words."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.access.addresses import EVERYWHERE, AddressSet
from auditor.access.answers import Attempt, Result, Sent
from auditor.access.chain import Chain, End, accepts_name, rule_for
from auditor.access.facts import Unknown
from auditor.access.fields import fields_for
from auditor.access.rows import Secret
from auditor.access.stored import is_readable, stores_password
from auditor.files.passwd_file import PasswdFile
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.access.chain import Step
    from auditor.access.names import NameClass
    from auditor.files.passwd_file import Entry
    from auditor.model.passdb import Passdb

MAX_ASSUMED: Final = 4
"""Databases of unknown contents in one chain of which every combination is thought through."""
SHOWN: Final = 3
"""User names that are left out by name."""


class Way(NamedTuple):
    """How one kind of user gets in from some addresses."""

    user: NameClass
    source: AddressSet
    sent: Sent
    end: End
    password_of: Passdb | None
    unknown: tuple[Unknown, ...]

    @property
    def credit(self) -> Step:
        """The step that says which users these are: that of their password, or of a list of users, or any."""
        passed = [step for step in self.end.steps if step.result is Result.OK and step.counts]
        knowing = (step for step in self.end.steps if step.counts and step.result is not Result.UNKNOWN_USER)
        listing = [step for step in knowing if step.passdb.driver != "static"]
        own = [step for step in self.end.steps if step.passdb is self.password_of]
        named = [step for step in own if step.passdb.driver != "static"]
        return (
            next(iter(named or listing or own or passed), None) or [step for step in self.end.steps if step.lets_in][-1]
        )

    @property
    def opening(self) -> Step:
        """The step that lets the user in, or makes later passdbs take the password for checked."""
        return next(step for step in self.end.steps if step.counts)

    @property
    def secret(self) -> Secret:
        """What must be known."""
        if self.sent is Sent.ANYTHING:
            return Secret.ANY_PASSWORD
        if self.sent is Sent.NOTHING:
            return Secret.EMPTY_PASSWORD
        static = self.password_of is not None and self.password_of.driver == "static"
        return Secret.ONE_PASSWORD if static else Secret.PASSWORD

    @property
    def proxied(self) -> bool:
        """Whether another server checks the password in the end."""
        return is_proxied(self.end)


def in_words(ways: Sequence[Way], left_out: Iterable[NameClass]) -> str:
    """Return the users of some ways that one step makes succeed, in words."""
    step = ways[0].credit
    users = step.passdb.users
    entries = [(way.user.entries.get(step.passdb), way.user.number) for way in ways]
    named = [(entry, number) for entry, number in entries if entry is not None]
    if isinstance(users, PasswdFile) and named and not any(way.user.others for way in ways):
        return _some_of(step.passdb, users, sum(number for _, number in named), named[0][0])
    everyone = "any user name at all" if step.result is not Result.OK else step.passdb.everyone
    without = [user for user in left_out if accepts_name(step.passdb, user.name) and not user.others]
    names = [_called(user) for user in without[:SHOWN]]
    but = f" but {', '.join(names)}{' …' if len(without) > SHOWN else ''}" if names else ""
    return f"{everyone}{name_limit(step.passdb)}{but}"


def _called(user: NameClass) -> str:
    if user.filter:
        return f"those who pass `{shortened(user.filter)}`"
    return shortened(user.name) if user.number == 1 else f"{user.number} more"


def name_limit(passdb: Passdb) -> str:
    """Return in words which names a passdb answers for, behind a blank; empty for all."""
    names = shortened(passdb.username_filter)
    return f" whose name passes the filter `{names}`" if names else ""


def _some_of(passdb: Passdb, users: PasswdFile, number: int, first: Entry) -> str:
    """Return so many users of a passwd-file in words; the first is named where there is no other."""
    if number == len(users.entries):
        return passdb.everyone
    if number == 1:
        return f"{shortened(first.user.partition(' ')[0])} of {shortened(passdb.users_path)}"
    return f"{number} of the {len(users.entries)} users in {shortened(passdb.users_path)}"


def is_proxied(end: End) -> bool:
    """Whether a login is handed on to another server."""
    return bool(end.fields & {"proxy", "proxy_maybe"})


def assumed(attempts: Sequence[Attempt]) -> list[Unknown]:
    """Return what had to be assumed of databases for some attempts to succeed."""
    assumptions = [
        {*((passdb, False) for passdb in attempt.known_to), *((passdb, True) for passdb in attempt.failing)}
        for attempt in attempts
    ]
    needed = set.intersection(*assumptions) or set.union(*assumptions)
    return sorted(
        Unknown(passdb.title, "when it fails depends on what runs" if fails else str(passdb.users))
        for passdb, fails in needed
    )


def assumptions_about(passdbs: Iterable[Passdb]) -> Iterator[tuple[frozenset[Passdb], frozenset[Passdb]]]:
    """Yield which of the databases of unknown contents know a user, and which fail."""
    hidden = [passdb for passdb in passdbs if not is_readable(passdb)]
    sizes = range(len(hidden) + 1) if len(hidden) <= MAX_ASSUMED else (0, 1, len(hidden))
    for size in sizes:
        for known in combinations(hidden, size):
            yield frozenset(known), frozenset()
    for passdb in hidden:
        if rule_for(passdb, Result.FAILURE).endswith("-ok"):
            yield frozenset(), frozenset({passdb})


def sources_told_apart(passdbs: Iterable[Passdb], user: NameClass) -> list[AddressSet]:
    """Return the addresses between which the passdbs tell, for one kind of user."""
    parts = [EVERYWHERE]
    for passdb in passdbs:
        limit = fields_for(passdb, user.entries.get(passdb)).networks
        parts = [piece for part in parts for piece in (part & limit, part - limit) if piece]
    return parts


def knowledge(chain: Chain, mechanism: str, user: NameClass) -> Iterator[tuple[Sent, Passdb | None]]:
    """Yield what a client may know, the least first."""
    if mechanism == "EXTERNAL":
        yield Sent.NOTHING, None
        return
    yield Sent.ANYTHING, None
    yield Sent.NOTHING, None
    for passdb in chain.passdbs:
        if stores_password(passdb, user.entries.get(passdb)) and not passdb.is_deny:
            yield Sent.PASSWORD, passdb
