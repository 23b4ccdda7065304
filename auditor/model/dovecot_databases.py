"""The connections of Dovecot's passdbs and userdbs to databases.

Sources: src/auth/db-ldap.c, src/lib-sql/driver-mysql.c and driver-pgsql.c of 2.3.19.1; src/lib-ldap/ldap-utils.c,
src/auth/db-ldap-settings.c, src/lib-sql/driver-mysql.c and driver-pgsql.c of 2.4.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.host import Unreadable
from auditor.model.credentials import DatabaseFile, database_files, holds_password
from auditor.model.database_links import Fault, UnknownLink, ldap_links, links, pgsql_fault
from auditor.model.vocabulary import is_true
from auditor.syntax.dovecot import Kind, parse, statements
from auditor.text import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.dovecot.configuration import Section
    from auditor.model.database_links import DatabaseLink
    from auditor.model.dovecot import Dovecot


class _Said(NamedTuple):
    """A value in a ``.conf.ext`` file, and where it stands."""

    value: str
    origin: Origin


def dovecot_database_links(dovecot: Dovecot) -> Iterator[DatabaseLink | UnknownLink]:
    """Yield the faulty connections to databases that know users, each place once."""
    if dovecot.dialect == "2.3":
        for file in database_files(dovecot):
            yield from _of_file(dovecot, file)
        return
    found: dict[DatabaseLink | UnknownLink, None] = {}
    for kind in ("passdb", "userdb"):
        for section in dovecot.configuration.sections(kind):
            setting = section.get(f"{kind}_driver")
            driver = (setting.value if setting else "") or section.name
            if driver == "ldap":
                found.update(dict.fromkeys(_ldap_of_section(section)))
            elif driver == "sql":
                found.update(dict.fromkeys(_sql_of_section(dovecot, section)))
    yield from found


def _of_file(dovecot: Dovecot, file: DatabaseFile) -> Iterator[DatabaseLink | UnknownLink]:
    source = dovecot.host.read_text(file.name)
    if isinstance(source, Unreadable):
        yield UnknownLink(f"{source.path} ({file.origin})", source.why)
        return
    holds_password(source)  # Where that is shown, a password is not.
    said = {
        one.key: _Said(one.value, Origin(one.span))
        for one in statements(parse(source, "2.3", dovecot.version))
        if one.kind is Kind.SETTING
    }
    if uris := said.get("uris") or said.get("hosts"):
        check = said.get("tls_require_cert")
        yield from ldap_links(
            uris.value.split(),
            uris.origin,
            starttls="tls" in said and is_true(said["tls"].value),
            unverified=check.origin if check and check.value in ("never", "allow") else None,
        )
    elif connect := said.get("connect"):
        driver = said["driver"].value if "driver" in said else file.driver
        yield from _of_connect(driver, connect)


def _of_connect(driver: str, connect: _Said) -> Iterator[DatabaseLink | UnknownLink]:
    """Yield the connections of a connect string; one with more than one ``host`` is for as many servers."""
    words = [word.partition("=") for word in connect.value.split()]
    parameters = {name: value.strip("'") for name, _, value in words}
    hosts = [one for name, _, value in words if name in ("host", "hostaddr") for one in value.strip("'").split(",")]
    if driver == "pgsql":
        yield from links("PostgreSQL", hosts, pgsql_fault(parameters), connect.origin)
    elif driver == "mysql":
        yield from links("MySQL", hosts, _mysql_fault(parameters), connect.origin)


def _mysql_fault(parameters: dict[str, str]) -> Fault | None:
    """Return what is wrong with a MySQL connection of 2.3: TLS needs a CA, and is checked unless that is switched off.

    What an option_file says is the client library's own.
    """
    if "option_file" in parameters:
        return None
    if "ssl_ca" not in parameters and "ssl_ca_path" not in parameters:
        return Fault.CLEAR
    return Fault.UNVERIFIED if parameters.get("ssl_verify_server_cert") == "no" else None


def _ldap_of_section(section: Section) -> Iterator[DatabaseLink | UnknownLink]:
    uris, starttls = section.get("ldap_uris"), section.get("ldap_starttls")
    if uris:
        on = starttls is not None and is_true(starttls.value)
        yield from ldap_links(uris.value.split(), uris.origin, starttls=on, unverified=_unverified(section))


def _sql_of_section(dovecot: Dovecot, section: Section) -> Iterator[DatabaseLink | UnknownLink]:
    driver = section.get("sql_driver")
    if driver is None or driver.value not in ("mysql", "pgsql"):
        return
    for server in section.sections(driver.value) or dovecot.configuration.sections(driver.value):
        host = server.get(f"{driver.value}_host")
        name = host.value if host else server.name
        if driver.value == "pgsql":
            parameters = {item.name: item.value for item in server.items("pgsql_parameters")}
            yield from links("PostgreSQL", [name], pgsql_fault(parameters), server.origin)
            continue
        option_file, ssl = server.get("mysql_option_file"), server.get("mysql_ssl")
        if option_file and option_file.value:
            continue
        if ssl is None or not is_true(ssl.value):
            yield from links("MySQL", [name], Fault.CLEAR, server.origin)
        elif unverified := _unverified(server):
            yield from links("MySQL", [name], Fault.UNVERIFIED, unverified)


def _unverified(section: Section) -> Origin | None:
    """Return the place that says not to check certificates of servers, None where they are checked."""
    setting = section.get("ssl_client_require_valid_cert")
    return setting.origin if setting and setting.literal and not is_true(setting.value) else None
