"""An include that finds no file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import ProblemKind, Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import AuditedHost


ADVICE = "correct the name, put the file back, or write !include_try where it may be missing"


class IncludeWithoutMatch(HostRule):
    """An include names a file that is not there, or a pattern that matches nothing.

    What: `!include` finds no file. Its name is relative to the file that it stands in, and `*` matches no file that
    begins with a dot.

    Why it matters: Dovecot does not start with this text. Until somebody restarts it, it goes on with what it read
    before.

    How to mend it: correct the name, put the file back, or write `!include_try` where the file may be missing.

    When to ignore it: the included files exist on the server but are left out of the tree that is audited; then audit
    the server, or a copy that has them.

    Sources: Dovecot documentation, "Settings syntax", "Including config files"; config-parser.c ("No matches");
    tried on Dovecot 2.3.19.1, 2.4.1 and 2.4.5: `!include_try` without a match loads silently.
    """

    name = "include-without-match"
    severity = Severity.HIGH
    tags = ("refused",)

    def check(self, host: AuditedHost) -> Iterator[Finding]:
        """Yield the includes that find nothing."""
        for daemon, problem in host.problems(ProblemKind.INCLUDE_WITHOUT_MATCH):
            yield self.refused(f"{daemon} finds no file to include", problem, advice=ADVICE)
