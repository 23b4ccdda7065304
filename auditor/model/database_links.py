"""How a daemon reaches a database over the network: whether TLS protects it, and whether it knows who answers."""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from auditor.text import Origin

_HOST: Final = re.compile(r"(?!_)[\w.:-]+(?<!_)", re.ASCII)
_ENCRYPTED: Final = frozenset({"require", "verify-ca", "verify-full"})
"""Values of libpq's ``sslmode`` that insist on TLS; ``prefer`` is the default (PostgreSQL manual, 34.19.1)."""


class Fault(StrEnum):
    """What is wrong with a connection."""

    CLEAR = "without TLS"
    OPTIONAL = "without insisting on TLS"
    UNVERIFIED = "without checking its certificate"


class DatabaseLink(NamedTuple):
    """A faulty connection to a database: what it is of, the server's host, and the place that says so.

    ``near`` says that the host is in a network of one's own: a private address, or a name without a dot, such as a
    container's.
    """

    kind: str
    host: str
    fault: Fault
    at: Origin
    near: bool


class UnknownLink(NamedTuple):
    """A connection of which it is not known whether it is faulty, and why."""

    what: str
    why: str


def links(kind: str, hosts: Iterable[str], fault: Fault | None, at: Origin) -> Iterator[DatabaseLink | UnknownLink]:
    """Yield the connections to those hosts that are not this one; nothing where there is no fault."""
    for host in dict.fromkeys(hosts) if fault else ():
        if is_here(host):
            continue
        if not _HOST.fullmatch(host):
            yield UnknownLink(f"the host of a {kind} database at {at}", "it is put in later, or no name of a host")
        elif fault:
            yield DatabaseLink(kind, host, fault, at, is_near(host))


def is_here(host: str) -> bool:
    """Whether a host is this one: no name, a socket, a name or an address of the loopback interface."""
    name = host.lower().rstrip(".")
    if not name or name.startswith(("/", "@")) or name in ("localhost", "localhost.localdomain"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def is_near(host: str) -> bool:
    """Whether a host is in a network of one's own."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host


def without_port(host: str) -> str:
    """Return the host of ``host:port`` and of ``[address]:port``; ``[MYSQL_HOST]:…`` is none."""
    if host.startswith("[") and ":" in host.partition("]")[0]:
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host


def ldap_hosts(uris: Iterable[str], *, starttls: bool) -> Iterator[tuple[str, bool]]:
    """Yield the hosts of LDAP addresses (``ldap://host:port/``, ``host:port``), each with whether TLS is used there."""
    for uri in uris:
        scheme, sign, rest = uri.partition("://")
        host = without_port((rest if sign else uri).partition("/")[0])
        kind = scheme.lower() if sign else "ldap"
        # ldapi is a socket (ldap_initialize(3)).
        yield "" if kind == "ldapi" else host, starttls or kind == "ldaps"


def pgsql_fault(parameters: Mapping[str, str]) -> Fault | None:
    """Return what is wrong with a connection that libpq makes with these parameters."""
    mode = parameters.get("sslmode", "prefer")
    if mode == "disable":
        return Fault.CLEAR
    if mode not in _ENCRYPTED:
        return Fault.OPTIONAL
    # With a root certificate, require is as verify-ca (34.19.1).
    return Fault.UNVERIFIED if mode == "require" and "sslrootcert" not in parameters else None


def ldap_links(
    uris: Iterable[str], at: Origin, *, starttls: bool, unverified: Origin | None
) -> Iterator[DatabaseLink | UnknownLink]:
    """Yield the faulty connections to LDAP servers; ``unverified`` is the place that says not to check certificates."""
    for host, encrypted in ldap_hosts(uris, starttls=starttls):
        if not encrypted:
            yield from links("LDAP", [host], Fault.CLEAR, at)
        elif unverified:
            yield from links("LDAP", [host], Fault.UNVERIFIED, unverified)
