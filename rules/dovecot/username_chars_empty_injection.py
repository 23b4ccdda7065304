"""User names of any characters in SQL and LDAP queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Confidence, Severity
from auditor.model.fixes import without
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Dovecot

WITHOUT_ESCAPING: Final = ("2.4.0", "2.4.1", "2.4.2")
"""Versions in which the filter of characters is all that stands before the query (NEWS of 2.4.3)."""
QUERYING: Final = ("sql", "ldap")


class UsernameCharsEmptyInjection(DovecotRule):
    """User names may hold any character, and they go into SQL or LDAP queries.

    What: `auth_username_chars` is empty, which lets every character pass, and a passdb or userdb asks SQL or LDAP.

    Why it matters: 2.4.0 to 2.4.2 put the name into the query without escaping it, so that a name with a quote in it is
    an injection at the login (CVE-2026-24031 for SQL, CVE-2026-27860 for LDAP). Elsewhere the driver escapes it, and
    the filter is the second lock that is missing.

    How to mend it: remove the empty setting, or list the characters that names have here.

    When to ignore it: names need characters that cannot be listed, and the version escapes them.

    Sources: NEWS of 2.4.3; Dovecot manual, auth_username_chars. Distributions mend these flaws without a new version
    number.
    """

    name = "username-chars-empty-injection"
    severity = Severity.HIGH
    tags = ("access",)

    def check(self, dovecot: Dovecot) -> Iterator[Finding]:
        """Yield the empty setting where a database is asked."""
        setting = dovecot.get("auth_username_chars")
        databases = dovecot.databases_asked(QUERYING)
        if setting is None or setting.value or not databases:
            return
        injectable = dovecot.version in WITHOUT_ESCAPING
        effect = f"which Dovecot {dovecot.version} does not escape" if injectable else "with nothing but its escaping"
        yield self.finding(
            setting.origin,
            f"user names of any characters go into the queries to {' and '.join(databases)}, {effect}",
            because=[(origin, "asks with the name") for origin in databases.values()],
            severity=Severity.HIGH if injectable else Severity.LOW,
            confidence=Confidence.MEDIUM if injectable else Confidence.HIGH,
            subject=setting.name,
            fix=without(setting.origin, setting.name),
        )
