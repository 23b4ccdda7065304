"""The access table of one host: every way in, of both products."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from auditor.access.dovecot import DovecotAccess
from auditor.access.postfix import postfix_rows, smtpd_ways
from auditor.access.rows import Right, Row, minimal

if TYPE_CHECKING:
    from auditor.access.postfix_ways import SmtpdWays
    from auditor.model import AuditedHost


class Access:
    """Who can get into one host, and how."""

    def __init__(self, host: AuditedHost) -> None:
        self.host = host

    @cached_property
    def dovecot(self) -> tuple[DovecotAccess, ...]:
        """What can be done at each Dovecot instance."""
        return tuple(DovecotAccess(self.host, dovecot) for dovecot in self.host.dovecot)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The minimal ways in, the most dangerous first."""
        logins = (row for dovecot in self.dovecot for row in dovecot.rows)
        return minimal([*logins, *postfix_rows(self.smtpd)])

    @cached_property
    def smtpd(self) -> tuple[SmtpdWays, ...]:
        """The smtpd services that clients can reach, with who gets what taken there."""
        return smtpd_ways(self.host, self.dovecot)

    def to(self, *rights: Right) -> tuple[Row, ...]:
        """Return the ways in that give one of some rights."""
        return tuple(row for row in self.rows if row.right in rights)
