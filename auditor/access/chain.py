"""How the auth service goes through its passdbs: a small state machine, run for one login attempt.

Source: ``auth_request_handle_passdb_callback`` (2.3.19.1), ``auth_request_finish_passdb_lookup`` (2.4.1),
``auth_request_want_skip_passdb`` and ``auth_request_success_continue`` (src/auth/auth-request.c), tried in tests/live.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.access.answers import Answer, Attempt, Result, answer_of
from auditor.model.vocabulary import is_true

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from auditor.access.facts import Because
    from auditor.files.passwd_file import Entry
    from auditor.model.passdb import Passdb

_RULES: Final = {
    Result.OK: "passdb_result_success",
    Result.FAILURE: "passdb_result_internalfail",
    Result.UNKNOWN_USER: "passdb_result_failure",
    Result.MISMATCH: "passdb_result_failure",
}


class Step(NamedTuple):
    """A passdb that was asked, what it answered, and whether that let the client in.

    ``counts`` says that its answer let the client in, or made the password count as checked.
    """

    passdb: Passdb
    result: Result
    lets_in: bool
    counts: bool
    because: tuple[Because, ...] = ()


class End(NamedTuple):
    """How a login ends: whether it succeeds, by which steps, and which fields were set on the way."""

    success: bool
    steps: tuple[Step, ...] = ()
    fields: frozenset[str] = frozenset()


class State(NamedTuple):
    """What the auth service remembers between two passdbs."""

    verified: bool = False
    """Whether the password counts as checked (``skip_password_check``)."""
    success: bool = False
    """Whether the login would succeed if this were the end (``passdb_success``)."""
    delayed: bool | None = None
    """Whether the client knows the credentials that are kept for the end (``delayed_credentials``); None without."""
    steps: tuple[Step, ...] = ()
    fields: frozenset[str] = frozenset()


START: Final = State()


class Chain:
    """The passdbs of one kind, ordinary or master, that apply to a protocol, in their order."""

    def __init__(self, passdbs: Sequence[Passdb]) -> None:
        # Without a success before it, such a passdb is left out as long as it is the first one (auth_preinit).
        first = next((at for at, passdb in enumerate(passdbs) if not passdb.needs_earlier_success), len(passdbs))
        self.passdbs = tuple(passdbs[first:])

    def end(
        self,
        attempt: Attempt,
        entries: Mapping[Passdb, Entry | None],
        state: State = START,
        onward: Callable[[State], End] | None = None,
    ) -> End:
        """Return how an attempt ends; ``entries`` are the user's in the passwd-files.

        ``onward`` is how a login goes on that a master passdb has let through to the ordinary ones.
        """
        at = self._next(0, attempt, state)
        if at is None:
            # "All password databases were skipped" where it is the first; else the end of those before it.
            return End(bool(state.steps) and state.success, state.steps, state.fields)
        while True:
            passdb = self.passdbs[at]
            answer = answer_of(passdb, entries.get(passdb), attempt, verified=state.verified)
            if passdb.is_deny and answer.result is not Result.UNKNOWN_USER:
                return End(False, state.steps)
            state, continues = _after(passdb, answer, state)
            if continues and onward and answer.result is Result.OK:
                return onward(state)
            following = self._next(at + 1, attempt, state) if continues else None
            if following is None:
                return End(_succeeds(passdb, answer, attempt, state), state.steps, state.fields)
            at = following

    def _next(self, at: int, attempt: Attempt, state: State) -> int | None:
        for index in range(at, len(self.passdbs)):
            passdb = self.passdbs[index]
            skip = passdb.value("passdb_skip")
            skipped = (skip == "authenticated" and state.verified) or (skip == "unauthenticated" and not state.verified)
            if passdb.admits(attempt.mechanism.lower()) and accepts_name(passdb, attempt.name) and not skipped:
                return index
        return None


def _succeeds(passdb: Passdb, answer: Answer, attempt: Attempt, after: State) -> bool:
    if answer.result is Result.NEXT and passdb.dialect == "2.3":
        # "Last passdb had noauthenticate field": in 2.4 that matters only without a success before it.
        return False
    known = True if not attempt.by_credentials else after.delayed if answer.known is None else answer.known
    return after.success and bool(known)


def _after(passdb: Passdb, answer: Answer, state: State) -> tuple[State, bool]:
    """Apply the rule for an answer: the state afterwards, and whether the next passdb is asked."""
    rule = "continue" if answer.result is Result.NEXT else rule_for(passdb, answer.result)
    verified, success = state.verified, state.success
    if rule.endswith("-ok"):
        success = True
    elif rule.endswith("-fail"):
        success = False
    continues = rule.startswith("continue")
    if rule == "continue-ok" or (rule == "continue" and answer.result is Result.OK):
        verified = True
    passed = answer.result in (Result.OK, Result.NEXT)
    delayed = answer.known if verified and state.delayed is None else state.delayed
    lets_in = rule.endswith("-ok")
    because = answer.because
    if lets_in and not passed:
        name = _RULES[answer.result]
        setting = passdb.get(name)
        because = ((setting.origin if setting else passdb.origin, f"`{rule}` makes a success of it"),)
    step = Step(passdb, answer.result, lets_in, lets_in or (verified and not state.verified), because)
    fields = state.fields | (frozenset(answer.fields) if passed else frozenset())
    return State(verified, success, delayed, (*state.steps, step), fields), continues


def rule_for(passdb: Passdb, result: Result) -> str:
    """Return the rule for a result: ``return``, ``continue``, and both with ``-ok`` and ``-fail``."""
    if result is Result.OK and passdb.dialect == "2.3" and is_true(passdb.value("pass")):
        return "continue"
    default = "return-ok" if result is Result.OK else "continue"
    return passdb.value(_RULES[result]) or default


def accepts_name(passdb: Passdb, name: str) -> bool:
    """Whether the username filter lets a name through (``auth_request_username_accepted``)."""
    included = matched = False
    for pattern in re.split("[ ,]+", passdb.username_filter):
        if pattern.startswith("!"):
            if matches(pattern[1:], name):
                return False
        elif pattern:
            included = True
            matched = matched or matches(pattern, name)
    return matched or not included


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern with ``*`` and ``?`` matches a name (``wildcard_match``, which knows no brackets)."""
    return fnmatchcase(name, pattern.replace("[", "[[]"))
