"""Sessions in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import without
from auditor.model.postfix_fixes import without_argument
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix


class DebugLeftOn(PostfixRule):
    """Postfix writes whole sessions into the log.

    What: debug_peer_list names clients or servers, or a service of master.cf has the option `-v`.

    Why it matters: every command is logged, AUTH with the password included, which is base64 and no secret then.

    How to mend it: take it out when the fault is found.

    When to ignore it: while you look for a fault.

    Sources: DEBUG_README; postconf(5), debug_peer_list; tried on Postfix 3.7.11 with AUTH PLAIN.
    """

    name = "debug-left-on"
    severity = Severity.LOW

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the list, and at every service that is on."""
        for parameter in postfix.values("debug_peer_list"):
            if parameter.effective.strip():
                message = f"sessions with {parameter.shown} are logged whole"
                fix = without(parameter.origin, parameter.name)
                yield self.finding(parameter.origin, message, advice="take it out when the fault is found", fix=fix)
        for service, option in postfix.verbose_services:
            message = f"the sessions of {service.service} are logged whole, by the option {option}"
            yield self.finding(
                service.origin,
                message,
                advice=f"take {option} out when the fault is found",
                fix=without_argument(service, option),
            )
