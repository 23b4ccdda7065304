"""Passwords that can be guessed without waiting."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.model.fixes import without
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Dovecot

_NOTHING: Final = re.compile(r"0+\s*[a-z]*")


class AuthDelayOff(DovecotRule):
    """A wrong password costs no time.

    What: `auth_failure_delay = 0`, or `mode = 0` for the socket `anvil-auth-penalty` of service anvil, by which Dovecot
    makes an address that keeps failing wait longer and longer.

    Why it matters: who guesses passwords can try as many a second as the server can check.

    How to mend it: take the lines out: the delay is 2 seconds then, and the penalty is on.

    When to ignore it: something else stops who guesses, such as an authentication policy server or fail2ban; behind a
    webmail or a proxy that has one address for all users, the penalty may have to be off.

    Sources: Dovecot manual, auth_failure_delay and Authentication Penalty; src/auth/auth-penalty.c of 2.3.19.1.
    """

    name = "auth-delay-off"
    severity = Severity.LOW

    def check(self, dovecot: Dovecot) -> Iterator[Finding]:
        """Look at the delay, and at the socket of the penalty."""
        delay = dovecot.get("auth_failure_delay", dovecot.auth.scope())
        if delay and delay.literal and _NOTHING.fullmatch(delay.value):
            yield self.finding(
                delay.origin,
                f"wrong passwords are answered at once: {dovecot.shown(delay)}",
                advice="take the line out",
                subject="auth_failure_delay",
                fix=without(delay.origin, "auth_failure_delay"),
            )
        for mode in dovecot.socket_modes("anvil", "anvil-auth-penalty"):
            if _NOTHING.fullmatch(mode.value):
                yield self.finding(
                    mode.origin,
                    "an address that keeps giving wrong passwords waits no longer than any other: the socket "
                    "anvil-auth-penalty is switched off",
                    advice="take the line out",
                    subject="anvil-auth-penalty",
                    fix=without(mode.origin, "mode"),
                )
