"""The fixes of one host: made in memory, audited again, and put together until nothing is left to mend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.discover import Discovery, FoundHost
from auditor.fixing.apply import Applied, State, applied, together
from auditor.fixing.changed_host import ChangedHost
from auditor.fixing.offers import Offer, Texts
from auditor.fixing.verify import Key, fault, key_of, picture_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from auditor.audit import Audit
    from auditor.finding import Finding

MAX_AUDITS: Final = 60
"""Of one host, for finding out which fixes hold."""
MAX_AT_ONCE: Final = 500
"""Fixes that are made at once; the others come after them."""


class Refused(NamedTuple):
    """A finding that is not mended, and what is wrong with the fix that its rule proposes."""

    finding: Finding
    why: str


class Mended(NamedTuple):
    """What came of the fixes of one host."""

    found: FoundHost
    before: Audit
    made: tuple[Offer, ...]
    refused: tuple[Refused, ...]
    state: State
    after: Audit
    """The audit of the host with the fixes made."""


def mended(
    found: FoundHost,
    before: Audit,
    run: Callable[[Discovery], Audit],
    wanted: Callable[[Finding], bool],
    *,
    unsafe: bool,
    max_audits: int = MAX_AUDITS,
) -> Mended:
    """Make the fixes of the wanted findings in memory.

    ``before`` is the audit of the host, ``run`` audits what it is to become by the same rules. With ``unsafe``, fixes
    that take a person's consent are made, too.
    """
    return _Mending(found, run, max_audits).of(before, wanted, unsafe=unsafe)


class _Mending:
    def __init__(self, found: FoundHost, run: Callable[[Discovery], Audit], max_audits: int) -> None:
        self.found = found
        self._run = run
        self._max_audits = max_audits
        self._audits = 0
        self._refused: dict[Key, Refused] = {}

    def of(self, audit: Audit, wanted: Callable[[Finding], bool], *, unsafe: bool) -> Mended:
        """Make fixes round after round, since some only become possible, or are not in the way, after others."""
        before, state = audit, State({}, {}, {})
        made: list[Offer] = []
        while offers := self._offers(audit, wanted, unsafe=unsafe):
            # A fix that takes consent is not to keep one out that does not.
            safe = [offer for offer in offers if offer.fix.safe]
            held, state, audit = self._holding(
                audit, state, together(audit.hosts[0].host, (safe or offers)[:MAX_AT_ONCE])
            )
            made += held
        return Mended(self.found, before, tuple(made), tuple(self._refused.values()), state, audit)

    def _offers(self, audit: Audit, wanted: Callable[[Finding], bool], *, unsafe: bool) -> list[Offer]:
        texts = Texts(audit.models[0]) if audit.models else None
        offers: list[Offer] = []
        for finding in audit.findings:
            fix = finding.fix
            if texts and fix and (fix.safe or unsafe) and key_of(finding) not in self._refused and wanted(finding):
                offer = texts.offer(finding, fix)
                if offer:
                    offers.append(offer)
                else:
                    self._refuse([finding], "the place cannot be edited")
        return offers

    def _holding(self, audit: Audit, state: State, offers: Sequence[Offer]) -> tuple[list[Offer], State, Audit]:
        """Return the offers that hold, and the host with them; those that do not are found by halving."""
        before = picture_of(audit)
        held: list[Offer] = []
        best_state, best_audit = state, audit
        groups = [list(offers)]
        while groups:
            group = groups.pop()
            if self._audits >= self._max_audits:
                self._refuse(
                    (offer.finding for offer in group), f"{self._max_audits} audits did not tell whether it holds"
                )
                continue
            new = applied(audit.hosts[0].host, state, [*held, *group])
            new_audit = self._audited(new)
            why = fault(before, picture_of(new_audit), [*held, *group], new.texts)
            if not why:
                held += group
                best_state, best_audit = new.state, new_audit
            elif len(group) == 1:
                self._refuse([group[0].finding], why)
            else:
                middle = len(group) // 2
                groups += [group[middle:], group[:middle]]
        return held, best_state, best_audit

    def _audited(self, new: Applied) -> Audit:
        self._audits += 1
        host = ChangedHost(
            self.found.host, new.state.contents, {name: facts.after for name, facts in new.state.facts.items()}
        )
        return self._run(Discovery((self.found._replace(host=host),), (), ()))

    def _refuse(self, findings: Iterable[Finding], why: str) -> None:
        for finding in findings:
            self._refused[key_of(finding)] = Refused(finding, why)
