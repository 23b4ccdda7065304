"""A password for a database where others read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import closed_secret_file
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class DbCredentialsReadable(HostRule):
    """A password for a database or another server stands where others can read it.

    What: a file by which Postfix or Dovecot logs in to a database (mysql, pgsql, ldap, mongodb;
    dovecot-sql.conf.ext and the like), or a setting with a password in the configuration itself, such as
    doveadm_password, can be read by every user of the host or is committed to a git repository. What evidently
    stands for a password that is put in later does not count.

    Why it matters: the database has the password hashes of all users, and often their names, aliases and domains to
    change.

    How to mend it: mode 0640 and group postfix or dovecot for the file; settings with passwords go into a file with
    mode 0600 that is included.

    When to ignore it: the container has no other users and the file no copies.

    Sources: Dovecot manual, SQL (dovecot-sql.conf.ext should be readable by root only); MYSQL_README and
    mysql_table(5) of Postfix.
    """

    name = "db-credentials-readable"
    severity = Severity.HIGH
    tags = ("files", "secret")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the passwords that others can read."""
        for unread in host.unread_credentials:
            yield self.not_checked(f"whether a password stands in {unread.name}", unread.why)
        for name, credentials in host.credentials.items():
            first = credentials[0]
            others = [(one.origin, f"{one.what}, too") for one in credentials[1:5]]
            what, fix = f"with a password in it ({first.what})", closed_secret_file(host, name)
            yield from self.exposed(host, name, what, first.origin, because=others, fix=fix)
