"""A certificate for a server name that clients never get."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.dovecot_fixes import decided_by
from auditor.model.server_names import named_certificates
from auditor.rule import DovecotRule
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Dovecot


class LocalNameShadowed(DovecotRule):
    """A local_name block has a certificate that another block keeps clients from getting.

    What: two local_name blocks match one server name, and the other one has the last word. 2.3 takes the block that
    comes first in the files, 2.4 the last; that a name is more specific than a wildcard counts for neither.

    Why it matters: clients of that name get a certificate for another one and warn, or, if only the certificate of
    the one block and the key of the other are in effect, have no TLS at all.

    How to mend it: put the block with the wildcard behind the specific ones (2.3) or in front of them (2.4).

    When to ignore it: the other certificate covers the name as well.

    Sources: Dovecot manual, SSL (SNI, order of local_name blocks); config-filter.c of 2.3.19.1, settings.c of
    2.4.1; tried on both with clients that ask for each name.
    """

    name = "local-name-shadowed"
    severity = Severity.MEDIUM
    tags = ("tls",)

    def check(self, dovecot: Dovecot) -> Iterator[Finding | NotChecked]:
        """Yield the certificates that clients never get."""
        for found in named_certificates(dovecot):
            if other := found.shadowed_by:
                yield self.finding(
                    found.own.origin,
                    f"clients that ask for {shortened(found.name)} get another certificate: another block matches, too",
                    because=[(other.origin, "clients get this one")],
                    advice="write the more specific block " + ("first" if dovecot.dialect == "2.3" else "last"),
                    subject=found.name,
                    fix=decided_by(dovecot, found.own.origin, other.origin),
                )
