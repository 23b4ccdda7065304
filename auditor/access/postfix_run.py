"""A run of one smtpd service's restriction lists for one session: whether the recipient is taken.

Source: ``generic_checks`` and ``smtpd_check_rcpt`` of ``src/smtpd/smtpd_check.c``, v3.7.11 to v3.12-20260821. Not
looked at: milters, which can only refuse; DNS, where a client that owns a name and an address satisfies every check;
and blocklists, which it is taken not to be on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.access.facts import Unknown
from auditor.access.postfix_answers import Verdict
from auditor.access.postfix_session import Destination, Session
from auditor.postfix.restrictions import (
    ACCESS_LISTS,
    EARLY_LISTS,
    LATE_LISTS,
    MAIL_LISTS,
    restrictions_of_result,
)
from auditor.text import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.access.facts import Because
    from auditor.access.postfix_answers import Answer
    from auditor.access.postfix_restrictions import Restrictions
    from auditor.access.postfix_session import Client
    from auditor.model.smtpd import SmtpdService
    from auditor.postfix.restrictions import Restriction

LISTS: Final = (*ACCESS_LISTS, *LATE_LISTS)
"""The lists that a message must pass, every one of them."""
MAX_DEPTH: Final = 100
"""Results of tables in results of tables, beyond which Postfix answers 451 (``check_table_result``)."""
MAX_STEPS: Final = 20_000


class Permit(NamedTuple):
    """A restriction that let a session past a list, and the entry of its table by which it did."""

    item: Restriction
    entry: Origin | None


class Outcome(NamedTuple):
    """Whether a recipient is taken, and by what.

    ``permits`` are the restrictions that permitted it, ``refused_by`` is the one that refused it. ``relied_on`` holds
    what must be so for it to be taken, ``doubts`` what may refuse it all the same: both are not known.
    """

    taken: bool
    permits: tuple[Permit, ...] = ()
    relied_on: tuple[Unknown, ...] = ()
    doubts: tuple[Unknown, ...] = ()
    refused_by: Restriction | None = None

    @property
    def because(self) -> tuple[Because, ...]:
        """The places of what permitted it."""
        items = [(one.item.origin, f"{one.item.name} lets it past") for one in self.permits]
        entries = [(one.entry, "this entry answers") for one in self.permits if one.entry]
        return (*items, *entries)

    def is_permitted_by(self, name: str) -> bool:
        """Whether a restriction of some name, in lower case, let it past a list."""
        return any(one.item.name.lower() == name for one in self.permits)


class Run:
    """The restriction lists of one service, ready to be run for any session."""

    def __init__(self, service: SmtpdService, judge: Restrictions) -> None:
        self._service = service
        self._judge = judge
        self._lists = {name: service.restrictions(name) for name in LISTS}
        self._order = MAIL_LISTS if service.is_on("smtpd_relay_before_recipient_restrictions") else MAIL_LISTS[::-1]
        self._delays = service.is_on("smtpd_delay_reject")
        self._wrapped = service.is_on("smtpd_tls_wrappermode")
        self._named: dict[tuple[str, Origin], tuple[Restriction, ...]] = {}
        self._doubt: Unknown | None = None
        if service.get("smtpd_relay_restrictions").assignment is None and service.postfix.version_is_assumed:
            # Postfix 2.10 to 3.2 have a guard by default, later ones from compatibility level 1 on (postconf(5)).
            why = "the version of Postfix is not known"
            self._doubt = Unknown("the default of smtpd_relay_restrictions", why)

    def outcome(self, session: Session) -> Outcome:
        """Run the lists; where only something that is not known could let the session past, say so."""
        found = _Pass(self, session, generous=False)
        if not found.taken and found.missed:
            second = _Pass(self, session, generous=True)
            found = second if second.taken else found
        if found.taken and self._doubt and session.destination is Destination.FOREIGN:
            return found.outcome._replace(doubts=(*found.outcome.doubts, self._doubt))
        return found.outcome

    def admits(self, client: Client) -> bool:
        """Whether a client is served at all: one that is rejected when it connects gets no other answer (smtpd.c)."""
        if self._delays:
            return True
        view = Session(client, tls=self._wrapped)
        return _Pass(self, view, generous=True, lists=("smtpd_client_restrictions",)).is_past_lists

    def stages(self, session: Session) -> Iterator[tuple[str, Session]]:
        """Yield the lists in their order, each with what is known of the session when it is looked at.

        smtpd_delay_reject puts the first lists off until RCPT TO (smtpd_check.c, smtpd_check_rcpt).
        """
        views = (session.at_connect(wrapped=self._wrapped), session.at_helo(), session.at_mail())
        for name, view in zip(EARLY_LISTS, views, strict=True):
            if name != "smtpd_helo_restrictions" or session.helo is not None:
                yield name, session if self._delays else view
        for name in (*self._order, *LATE_LISTS):
            yield name, session

    def restrictions(self, name: str) -> Sequence[Restriction]:
        """Return the restrictions of a list."""
        return self._lists[name]

    def answer(self, item: Restriction, session: Session) -> Answer:
        """Return what one restriction does."""
        return self._judge.answer(item, session)

    def named_by(self, answer: Answer, item: Restriction) -> tuple[Restriction, ...]:
        """Return the restrictions that the result of a restriction's table names."""
        key = (answer.restrictions, place_of(answer, item))
        if key not in self._named:
            configuration = self._service.postfix.configuration
            self._named[key] = restrictions_of_result(configuration, self._service.service, *key)
        return self._named[key]


def place_of(answer: Answer, item: Restriction) -> Origin:
    """Return the place of the table's entry that answers, or else of the restriction."""
    return Origin(answer.entry.span) if answer.entry and answer.entry.span else item.origin


class _Pass:
    """One pass through the lists. A generous one takes what is not known for a permission, where it may be one."""

    def __init__(self, run: Run, session: Session, *, generous: bool, lists: Sequence[str] = LISTS) -> None:
        self._run = run
        self._generous = generous
        self._permits: list[Permit] = []
        self._relied_on: list[Unknown] = []
        self._doubts: list[Unknown] = []
        self._refused_by: Restriction | None = None
        self._steps = 0
        self.missed = False
        """Whether something that is not known may have permitted what was refused."""
        self._deferring: Restriction | None = None
        self.is_past_lists = all(self._passes(name, view) for name, view in run.stages(session) if name in lists)
        """Whether no list refused it; it may be deferred all the same."""
        self.taken = self.is_past_lists and not self._deferring
        self._refused_by = self._refused_by or self._deferring

    @property
    def outcome(self) -> Outcome:
        unknown = tuple(dict.fromkeys(self._relied_on)), tuple(dict.fromkeys(self._doubts))
        return Outcome(self.taken, tuple(dict.fromkeys(self._permits)), *unknown, self._refused_by)

    def _passes(self, list_name: str, session: Session) -> bool:
        verdict = self._verdict(self._run.restrictions(list_name), session, 0, warned=False)
        return verdict is not Verdict.REFUSE

    def _verdict(self, items: Sequence[Restriction], session: Session, depth: int, *, warned: bool) -> Verdict:
        """Return PERMIT, REFUSE or PASS."""
        for item in items:
            self._steps += 1
            if depth > MAX_DEPTH or self._steps > MAX_STEPS:
                self._refused_by = item
                return Verdict.REFUSE
            answer = self._run.answer(item, session)
            verdict, warn_only = answer.verdict, warned or item.warn_only
            if verdict is Verdict.RESTRICTIONS:
                named = self._run.named_by(answer, item)
                verdict = self._verdict(named, session, depth + 1, warned=warn_only)
                warn_only = False
            if verdict is Verdict.UNKNOWN:
                verdict = self._of_unknown(answer)
            if verdict is Verdict.ERROR or (verdict is Verdict.REFUSE and not warn_only):
                self._refused_by = self._refused_by or item
                return Verdict.REFUSE
            if verdict is Verdict.DEFER and not warn_only:
                self._deferring = self._deferring or item
            if verdict is Verdict.PERMIT:
                self._permits.append(Permit(item, Origin(answer.entry.span) if answer.entry else None))
                return verdict
        return Verdict.PASS

    def _of_unknown(self, answer: Answer) -> Verdict:
        if self._generous and answer.may_permit:
            self._relied_on += answer.unknown
            return Verdict.PERMIT
        self.missed = self.missed or answer.may_permit
        self._doubts += answer.unknown
        return Verdict.PASS
