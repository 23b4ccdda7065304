"""Users' passwords on their way from a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.database_links import UnknownLink
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Dovecot


class LdapOrSqlInClear(DovecotRule):
    """Dovecot asks a database on another host who may log in, and TLS does not protect it.

    What: an LDAP, MySQL or PostgreSQL server that a passdb or userdb asks is on another host, and the connection is
    made without TLS (`ldap://` without `tls = yes` or `ldap_starttls = yes`; no `ssl_ca` or `mysql_ssl`), does not
    insist on it (`sslmode` other than require, verify-ca and verify-full), or does not check the server's certificate
    (`tls_require_cert = never`, `ssl_verify_server_cert=no`, `ssl_client_require_valid_cert = no`).

    Why it matters: who listens on the way gets password hashes, with LDAP binds the passwords themselves, and the
    password of the database; who answers in the database's place decides who logs in.

    How to mend it: LDAP: `ldaps://`, or `tls = yes` (2.4: `ldap_starttls = yes`). MySQL: `ssl_ca=…` in `connect`
    (2.4: `ssl = yes` in the server's block). PostgreSQL: `sslmode=verify-full` and `sslrootcert=…` in `connect` or
    in `pgsql_parameters`.

    When to ignore it: the way to the server is a tunnel; or the client library's own files (ldap.conf, my.cnf,
    pg_service.conf) demand TLS. In a network of your own, such as that of containers, it is low.

    Sources: Dovecot manual, core/config/auth/databases/ldap and sql; src/auth/db-ldap.c and src/lib-sql/driver-mysql.c
    of Dovecot 2.3.19.1, src/lib-ldap/ldap-utils.c and src/lib-sql/driver-mysql.c of 2.4.1; PostgreSQL manual, 34.19.
    """

    name = "ldap-or-sql-in-clear"
    severity = Severity.HIGH
    tags = ("tls",)

    def check(self, dovecot: Dovecot) -> Iterator[Finding | NotChecked]:
        """Yield the connections to databases that are not safe."""
        for link in dovecot.database_links:
            if isinstance(link, UnknownLink):
                yield self.not_checked(link.what, link.why)
            else:
                yield self.finding(
                    link.at,
                    f"the {link.kind} server {link.host} is asked for users {link.fault}",
                    advice="use TLS, and check the server's certificate",
                    severity=Severity.LOW if link.near else Severity.HIGH,
                    subject=f"{link.kind} {link.host}",
                )
