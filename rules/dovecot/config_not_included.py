"""A passdb in a file that nothing includes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.unreached import unreached_passdbs
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Dovecot


class ConfigNotIncluded(DovecotRule):
    """A file that looks like configuration holds a passdb, and nothing includes it.

    What: beside dovecot.conf, or in a folder there, lies a file that is named like configuration (.conf,
    .conf.ext), has a passdb block, and is neither included nor named by what Dovecot reads. Of the examples that
    packages bring (auth-*.conf.ext) only those count that were changed to take certificates (EXTERNAL).

    Why it matters: whoever wrote it believes that it is in force: that certificates log in, that a deny list
    counts, or that users come from there.

    How to mend it: `!include` the file where its passdb has its place in the order, or take it away.

    When to ignore it: it is kept for another host or for a test.

    Sources: the article "Dovecot and Postfix with client cert auth" ("Make sure to also include it"); Dovecot
    manual, Configuration File Syntax (!include); doveconf -n does not show it, as the cases say to Dovecot 2.3.19.1
    and 2.4.1.
    """

    name = "config-not-included"
    severity = Severity.MEDIUM
    tags = ("access",)

    def check(self, dovecot: Dovecot) -> Iterator[Finding | NotChecked]:
        """Yield the passdbs that are not in force."""
        for found in unreached_passdbs(dovecot):
            yield self.finding(
                found.span,
                "nothing includes this file, so this passdb is not in force"
                + (": no certificate logs in by it" if found.for_external else ""),
                advice="!include the file, or take it away",
                severity=Severity.MEDIUM if found.for_external else Severity.LOW,
            )
