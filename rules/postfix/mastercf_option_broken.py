"""Lines without effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import without
from auditor.model.postfix_fixes import comment_above, renamed_once
from auditor.rule import PostfixRule
from auditor.text import Origin, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix


class MastercfOptionBroken(PostfixRule):
    """A line of main.cf or an option of master.cf has no effect.

    What: it sets a name that Postfix does not know and that no other value refers to: a misspelt one (medium), or one
    of a patch or of a service that is not there (low). Or a comment stands behind the value, and becomes a part of it.

    Why it matters: what the line should switch on stays off. Postfix starts without a word; only postconf warns.

    How to mend it: correct the name, or take the line out; give comments a line of their own.

    When to ignore it: your Postfix has a patch that knows the name.

    Sources: postconf(1) ("unused parameter"); postconf_unused.c and postconf_user.c; postconf(5), "file format".
    """

    name = "mastercf-option-broken"
    severity = Severity.MEDIUM

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Yield what nothing reads, and values with comments in them."""
        for name, origin, meant in postfix.unread:
            probably = f"; {meant} was probably meant" if meant else ""
            fix = renamed_once(postfix, origin, meant) if meant else without(origin, name)
            yield self.finding(
                origin,
                f"`{shortened(name)}` has no effect: Postfix knows no such parameter{probably}",
                advice=f"write {meant}" if meant else "take the line out",
                severity=Severity.MEDIUM if meant else Severity.LOW,
                subject=name,
                fix=fix and fix.unsafe(),
            )
        for name, setting, comment in postfix.commented_values:
            fix = comment_above(setting, comment)
            yield self.finding(
                Origin(setting.value.span),
                f"the comment behind the value of {name} is a part of the value",
                advice="give the comment a line of its own",
                subject=name,
                fix=fix and fix.unsafe(),
            )
