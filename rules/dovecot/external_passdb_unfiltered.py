"""A passdb for certificate logins that passwords get to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.access.open_passdb import Hole
from auditor.finding import Confidence, Severity
from auditor.passdb_rule import PassdbRule

if TYPE_CHECKING:
    from auditor.access.open_passdb import OpenPassdb


class ExternalPassdbUnfiltered(PassdbRule):
    """A password database made for certificate logins is open to password logins, too.

    What: EXTERNAL is offered, and this passdb was evidently made for it: it sets `nopassword`, or its name or that of
    its file speaks of certificates or of EXTERNAL. No mechanism filter keeps password logins away from it, and what it
    answers to them could not be found out, because its file cannot be read or its answers come from elsewhere.

    Why it matters: EXTERNAL logs in with the empty password, so a passdb that lets it in lets in whoever sends an
    empty password, or any password, unless a filter stands before it.

    How to mend it: add `mechanisms = external` (2.2.28 and later, 2.3) or `mechanisms_filter = external` (2.4) inside
    the block.

    When to ignore it: the database itself looks at the mechanism or at the certificate. Where the query of an SQL or
    LDAP passdb evidently does, by `%k`, `%{cert}` or `%{mechanism}`, that is said to be not checked.

    Sources: Dovecot manual, Password databases, mechanisms; src/auth/mech-external.c and auth-request-var-expand.c;
    tried on Dovecot 2.3.19.1 and 2.4.1: such a query keeps every password out.
    """

    name = "external-passdb-unfiltered"
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    hole = Hole.UNDECIDED

    def message(self, found: OpenPassdb) -> str:
        """Say which passdb should be filtered."""
        return (
            f"{found.passdb.title} looks made for certificate logins, but password logins get to it as well"
            f"{found.protocols}; what it answers to them could not be read"
        )
