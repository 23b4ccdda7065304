"""The connections of Postfix's tables to databases.

Sources: mysql_table(5), pgsql_table(5), ldap_table(5); src/global/dict_mysql.c and dict_ldap.c of Postfix 3.12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qsl

from auditor.host import Unreadable
from auditor.model.credentials import holds_password
from auditor.model.database_links import Fault, UnknownLink, ldap_links, links, pgsql_fault, without_port
from auditor.syntax.postfix import Assignment, parameters, parse_main
from auditor.syntax.postfix_lines import words
from auditor.text import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.database_links import DatabaseLink
    from auditor.model.postfix import Postfix

_MYSQL_TLS: Final = ("tls_key_file", "tls_cert_file", "tls_CAfile", "tls_CApath", "tls_ciphers")
"""Each of them switches TLS on (dict_mysql.c, plmysql_connect_single)."""


class _Said(NamedTuple):
    """A value in a table's file, and where it stands."""

    value: str
    origin: Origin

    @property
    def is_yes(self) -> bool:
        """Whether it is true (cfg_get_bool)."""
        return self.value.lower() == "yes"


def postfix_database_links(postfix: Postfix) -> Iterator[DatabaseLink | UnknownLink]:
    """Yield the faulty connections of the tables in files of their own, each file once."""
    tables = {(one.type, one.name): one for one in postfix.named_tables if one.type in _LINKS}
    for (kind, name), table in tables.items():
        source = postfix.host.read_text(name)
        if isinstance(source, Unreadable):
            yield UnknownLink(f"{source.path} ({table.parameter} at {table.origin})", source.why)
            continue
        holds_password(source)  # Where that is shown, a password is not.
        said = {
            one.name.value: _Said(one.value.value, Origin(one.span))
            for one in parameters(parse_main(source))
            if isinstance(one, Assignment)
        }
        yield from _LINKS[kind](said)


def _ldap(said: dict[str, _Said]) -> Iterator[DatabaseLink | UnknownLink]:
    host, check = said.get("server_host"), said.get("tls_require_cert")
    if host:
        yield from ldap_links(
            [word.text for word in words(host.value)],
            host.origin,
            starttls="start_tls" in said and said["start_tls"].is_yes,
            unverified=None if check and check.is_yes else (check or host).origin,
        )


def _mysql(said: dict[str, _Said]) -> Iterator[DatabaseLink | UnknownLink]:
    hosts, check = said.get("hosts"), said.get("tls_verify_cert")
    if not hosts or "option_file" in said:
        return
    if not any(name in said for name in _MYSQL_TLS):
        fault = Fault.CLEAR
    elif check and check.is_yes:
        return
    else:
        fault = Fault.UNVERIFIED
    yield from links("MySQL", map(_host, _names(hosts)), fault, hosts.origin)


def _pgsql(said: dict[str, _Said]) -> Iterator[DatabaseLink | UnknownLink]:
    hosts = said.get("hosts")
    for name in _names(hosts) if hosts else ():
        scheme, sign, rest = name.partition("://")
        if sign and scheme in ("postgresql", "postgres") and hosts:
            server, _, query = rest.partition("?")
            host = server.partition("/")[0].rpartition("@")[2]
            parts = [without_port(one) for one in host.split(",")]
            yield from links("PostgreSQL", parts, pgsql_fault(dict(parse_qsl(query))), hosts.origin)
        elif hosts:
            yield from links("PostgreSQL", [_host(name)], pgsql_fault({}), hosts.origin)


def _names(said: _Said) -> list[str]:
    return [word.text for word in words(said.value)]


def _host(name: str) -> str:
    """Return the host of ``inet:host:port`` and of ``host:port``, nothing for ``unix:/socket``."""
    return "" if name.startswith("unix:") else without_port(name.removeprefix("inet:"))


_LINKS: Final = {"ldap": _ldap, "mysql": _mysql, "pgsql": _pgsql}
