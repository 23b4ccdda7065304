"""Certificate users who are no users any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Confidence, Severity
from auditor.rule import DovecotAccessRule
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.access.dovecot import DovecotAccess
    from auditor.access.user_drift import Leaver
    from auditor.finding import Finding, NotChecked
    from auditor.model.passdb import Passdb


class ExternalUsersDrift(DovecotAccessRule):
    """A user can log in with a certificate and is no user any more.

    What: a passwd-file that answers to EXTERNAL only has a user whom the passwd-files with the passwords do not
    have, or have with `nologin`; or whom none of the userdbs has, where these are files, too (low).

    Why it matters: who left, or was locked, still comes in by certificate. Where no userdb knows the user, the login
    fails instead, with "user not found from userdb", until somebody gets that mailbox again.

    How to mend it: make the one file from the other, in one script, and revoke the certificates of those who leave.

    When to ignore it: users who have certificates only, on purpose.

    Sources: the article "Dovecot and Postfix with client cert auth" (its comment: the file is made from the regular
    users); tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "external-users-drift"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    tags = ("access",)

    def check(self, access: DovecotAccess) -> Iterator[Finding | NotChecked]:
        """Yield the users that only the file for certificates still has."""
        for drift in access.drifts:
            if drift.why:
                yield self.not_checked(f"whether the users of {drift.passdb.title} are still users", drift.why)
            if drift.leavers:
                first = drift.leavers[0]
                more = f", as can {len(drift.leavers) - 1} more like that" if len(drift.leavers) > 1 else ""
                yield self._told(
                    drift.passdb,
                    drift.leavers,
                    f"{shortened(first.name)} can log in by certificate and is {first.why} among the others{more}",
                )
            if drift.homeless:
                more = f", and for {len(drift.homeless) - 1} more like that" if len(drift.homeless) > 1 else ""
                name = shortened(drift.homeless[0].name)
                message = f"logins by certificate fail for {name}, whom no userdb knows{more}"
                yield self._told(drift.passdb, drift.homeless, message, Severity.LOW)

    def _told(
        self, passdb: Passdb, users: Sequence[Leaver], message: str, severity: Severity = Severity.MEDIUM
    ) -> Finding:
        return self.finding(
            users[0].origin,
            message,
            because=[(passdb.origin, "this passdb lets them in"), *((one.origin, one.why) for one in users[1:5])],
            advice="make the file for certificates from that of the users, and revoke what is left",
            severity=severity,
        )
