"""A chain of passdbs that never ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Dovecot


class PassdbChainLoops(DovecotRule):
    """A password database sends logins back to the first one, for ever.

    What: a passdb sets the field `login_user` and goes on after a success (`result_success = continue` or
    `continue-ok`). With that field a login begins anew, as another user, at the first passdb, and comes here again.

    Why it matters: the first login that gets here kills the auth service (signal 11), and with it every other login
    that is under way. Where the passdb needs no password, strangers can do that as often as they like.

    How to mend it: take `login_user` out. Masters log in as others by `master = yes` and their own name before or
    behind the user's.

    When to ignore it: never.

    Sources: auth_request_handle_passdb_callback in src/auth/auth-request.c (a login for somebody else goes on with the
    first passdb); tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "passdb-chain-loops"
    severity = Severity.HIGH
    tags = ("outage",)

    def check(self, dovecot: Dovecot) -> Iterator[Finding]:
        """Yield the passdbs that send logins back and go on."""
        for passdb in dovecot.passdbs:
            field = passdb.early_fields.get("login_user")
            rule = passdb.get("passdb_result_success")
            if field is None or rule is None or not rule.value.startswith("continue") or passdb.never_succeeds:
                continue
            if len(dovecot.passdbs) > 1 and not passdb.is_deny:
                yield self.finding(
                    field.origin,
                    "a login that succeeds here kills the auth service: `login_user` sends it back to the first passdb,"
                    f" and `{rule.value}` here again",
                    because=[(rule.origin, "goes on after a success")],
                    advice="take `login_user` out",
                    subject=passdb.title,
                )
