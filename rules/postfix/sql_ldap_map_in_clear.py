"""Tables of Postfix that come over the net unprotected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.database_links import UnknownLink
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Postfix


class SqlLdapMapInClear(PostfixRule):
    """Postfix asks a database on another host where mail goes, and TLS does not protect it.

    What: the file of a `mysql:`, `pgsql:` or `ldap:` table names a server on another host, and the connection is made
    without TLS, does not insist on it, or does not check the server's certificate. For MySQL any of the `tls_…` files
    switches TLS on and `tls_verify_cert = yes` checks; for LDAP it is `ldaps://` or `start_tls = yes`, and
    `tls_require_cert = yes`; for PostgreSQL the `sslmode` of a connection URI, without which libpq prefers TLS.

    Why it matters: who listens on the way gets the password of the database and what it says; who answers in its place
    decides where mail goes.

    How to mend it: switch TLS and the check of the certificate on in the table's file.

    When to ignore it: the way to the server is a tunnel; or the client library's own files (ldap.conf, my.cnf,
    PGSSLMODE) demand TLS. In a network of your own, such as that of containers, it is low.

    Sources: mysql_table(5), ldap_table(5), pgsql_table(5); dict_mysql.c and dict_ldap.c of Postfix; PostgreSQL
    manual, 34.19.
    """

    name = "sql-ldap-map-in-clear"
    severity = Severity.MEDIUM
    tags = ("tls",)

    def check(self, postfix: Postfix) -> Iterator[Finding | NotChecked]:
        """Yield the connections of tables that are not safe."""
        for link in postfix.database_links:
            if isinstance(link, UnknownLink):
                yield self.not_checked(link.what, link.why)
            else:
                yield self.finding(
                    link.at,
                    f"the {link.kind} server {link.host} is asked for a table {link.fault}",
                    advice="use TLS, and check the server's certificate",
                    severity=Severity.LOW if link.near else Severity.MEDIUM,
                    subject=f"{link.kind} {link.host}",
                )
