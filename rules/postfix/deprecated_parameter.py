"""Parameters that will go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix


class DeprecatedParameter(PostfixRule):
    """A parameter is used that this version warns of.

    What: main.cf or master.cf sets a parameter that this version deprecates.

    Why it matters: a later version does not know it, and what it switched on is off then. Some override the new ones.

    How to mend it: set the parameter that replaces it.

    When to ignore it: the host is not upgraded.

    Sources: DEPRECATION_README; postconf_unused.c, pcf_depr_param_info.
    """

    name = "deprecated-parameter"
    severity = Severity.LOW

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Yield the parameters that are set and that this version deprecates."""
        for name, instead, origin, fix in postfix.deprecated:
            yield self.finding(
                origin,
                f"{name} is deprecated, and later versions will not know it",
                advice=f"use {instead}" if instead else "take the line out: the default will stay",
                subject=name,
                fix=fix and fix.unsafe() if postfix.version_is_assumed else fix,
            )
