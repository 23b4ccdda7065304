"""Restrictions that do not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.postfix_fixes import replaced
from auditor.model.restriction_names import strange_words
from auditor.model.smtpd import said_of
from auditor.rule import PostfixRule
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix
    from auditor.model.restriction_names import Strange
    from auditor.model.smtpd import SmtpdService


class UnknownRestrictionOrClass(PostfixRule):
    """A restriction list has a word that Postfix does not know.

    What: in one of the smtpd_*_restrictions stands a word that is no restriction, no table where one may stand alone,
    and no class of smtpd_restriction_classes. What later versions have taken away is reported by upgrade-breaks, a
    class without a definition by invalid-value.

    Why it matters: where smtpd comes to the word, it answers every client with 451 "Server configuration error": no
    mail gets in, and what stands behind it is never looked at.

    How to mend it: correct the spelling; give a table the check_… in front of it; define the class.

    When to ignore it: never.

    Sources: smtpd_check.c, generic_checks ("unknown smtpd restriction"); RESTRICTION_CLASS_README; tried on Postfix
    3.7.11 and 3.10.13: the recipient is refused with 451.
    """

    name = "unknown-restriction-or-class"
    severity = Severity.HIGH

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the lists of every smtpd service."""
        found: dict[Strange, list[SmtpdService]] = {}
        for service in postfix.smtpd_services:
            for strange in strange_words(service):
                found.setdefault(strange, []).append(service)
        for strange, services in found.items():
            word, answer = shortened(strange.word), said_of(services, "answers", "answer")
            advice = "correct the spelling, or name the class in smtpd_restriction_classes"
            fix = replaced(strange.span, strange.meant) if strange.meant else None
            yield self.finding(
                strange.origin,
                f"`{word}` in {strange.list_name} is no restriction: {answer} 451 there",
                advice=f"write {strange.meant}" if strange.meant else advice,
                subject=strange.word,
                fix=fix and fix.opening().unsafe(),
            )
