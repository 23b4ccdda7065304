"""The form of the rules about passdbs that let people in who know nothing: which hole it is, and how to say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.access.open_passdb import Hole, OpenPassdb
    from auditor.finding import Finding, NotChecked


class PassdbRule(DovecotAccessRule):
    """A rule about the open passdbs of which one thing is to be said."""

    hole: ClassVar[Hole]
    tags = ("access",)

    def message(self, found: OpenPassdb) -> str:
        """Say what is wrong with an open passdb."""
        return found.who

    def check(self, access: DovecotAccess) -> Iterator[Finding | NotChecked]:
        """Yield the passdbs with this hole, and those of which it cannot be said."""
        for found in access.open_passdbs.of(self.hole):
            yield self.finding(
                found.passdb.origin,
                self.message(found),
                because=found.because,
                advice=found.advice,
                fix=found.fix,
                label=found.label,
                severity=found.severity,
                subject=found.passdb.title,
            )
        for unknown in access.open_passdbs.undecided(self.hole):
            yield self.not_checked(*unknown)
