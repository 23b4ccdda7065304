"""A mechanism filter that lets more in than EXTERNAL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.access.open_passdb import Hole
from auditor.finding import Severity
from auditor.passdb_rule import PassdbRule

if TYPE_CHECKING:
    from auditor.access.open_passdb import OpenPassdb


class ExternalFilterTooWide(PassdbRule):
    """The mechanism filter of a passdb for certificate logins lets password logins in, too.

    What: the passdb lets in whoever sends any password, or the empty one, which is right for certificate logins. Its
    mechanism filter names `external` and a mechanism with passwords beside it, such as `plain` or `login`.

    Why it matters: the filter looks like the guard that it is not. Whoever knows or guesses a user name logs in without
    a certificate.

    How to mend it: reduce the list to `external`: `mechanisms = external` in 2.2 and 2.3, `mechanisms_filter =
    external` in 2.4. `none` (2.3) and `lookup` (2.4) may stay: they are for lookups without a login, as LMTP makes.

    When to ignore it: never on a host that others can reach.

    Sources: Dovecot manual, Password databases, mechanisms and mechanisms_filter; src/auth/auth-request.c,
    auth_request_mechanism_accepted; tried on Dovecot 2.3.19.1, 2.4.1 and 2.4.5.
    """

    name = "external-filter-too-wide"
    severity = Severity.CRITICAL
    hole = Hole.WIDE_FILTER

    def message(self, found: OpenPassdb) -> str:
        """Say how the passdb lets anybody in."""
        return f"{found.who}: the mechanism filter of {found.passdb.title} lets more in than EXTERNAL"
