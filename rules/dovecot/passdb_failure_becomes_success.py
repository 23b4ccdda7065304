"""Wrong passwords that let in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import without
from auditor.rule import DovecotAccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.dovecot import DovecotAccess
    from auditor.finding import Finding


class PassdbFailureBecomesSuccess(DovecotAccessRule):
    """A login that fails counts as a success.

    What: `result_failure` or `result_internalfail` of a passdb is `return-ok` or `continue-ok`, and no passdb behind it
    takes that back.

    Why it matters: a wrong password lets in, as any user; with `result_internalfail`, whenever the database is down.

    How to mend it: take the line out; `continue` is the default.

    When to ignore it: never.

    Sources: Dovecot manual, passdb, result values; auth_request_handle_passdb_callback in src/auth/auth-request.c;
    tried on Dovecot 2.3.19.1 and 2.4.1: a wrong password logs in.
    """

    name = "passdb-failure-becomes-success"
    severity = Severity.CRITICAL
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding]:
        """Yield the rules that make a success of a failure, where others can use them."""
        for setting, logins in access.failures_let_in.items():
            login = logins[0]
            when = "whenever the database fails, " if setting.name.endswith("internalfail") else ""
            yield self.finding(
                setting.origin,
                f"{when}anyone can log in as {login.users} with {login.secret.value}:"
                f" `{setting.name.rpartition('/')[2]} = {setting.value}`",
                because=login.because,
                advice="take the line out",
                subject=setting.name,
                fix=without(setting.origin, setting.name.rpartition("/")[2]),
            )
