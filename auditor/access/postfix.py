"""The rows of Postfix: who may relay, who gets in where others are kept out, and who may claim to be somebody else."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from auditor.access.addresses import EVERYWHERE, LOOPBACK, AddressSet
from auditor.access.certificate_grants import revocable
from auditor.access.dovecot_listeners import reachable_from
from auditor.access.match_lists import HostList, host_list
from auditor.access.postfix_listeners import listeners
from auditor.access.postfix_session import Destination
from auditor.access.postfix_ways import SmtpdWays
from auditor.access.rows import ANYWHERE, THIS_HOST, Certificate, Right, Row, Secret, Source
from auditor.finding import NotChecked
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.access.dovecot import DovecotAccess
    from auditor.access.facts import Because, Unknown
    from auditor.access.logins import Login
    from auditor.access.postfix_ways import Way
    from auditor.model import AuditedHost, Postfix

MAX_SIZE: Final = 1_000_000
"""Entries of tables that are gone through for the services of one Postfix together, but for those of the first one."""
XCLIENT: Final = "any client and login that it names by XCLIENT"
XFORWARD: Final = "any client that it names by XFORWARD, for the log"
PROXY: Final = "any client that it names by the PROXY protocol"


def smtpd_ways(host: AuditedHost, dovecots: Sequence[DovecotAccess]) -> tuple[SmtpdWays, ...]:
    """Return the ways through every smtpd service that clients can reach."""
    return tuple(found for postfix in host.postfix for found in _ways_of(postfix, dovecots))


def _ways_of(postfix: Postfix, dovecots: Sequence[DovecotAccess]) -> Iterator[SmtpdWays]:
    """Yield the ways through each service.

    Services without options of their own differ in their listeners alone, and in where a path begins behind chroot.
    """
    alike: dict[tuple[AddressSet, bool], SmtpdWays] = {}
    size = 0
    for service, listener in listeners(postfix):
        kind = reachable_from(listener), service.is_chrooted
        if service.service and service.service.options:
            ways = SmtpdWays(service, listener, dovecots)
        elif kind in alike:
            ways = alike[kind].also_at(service, listener)
        else:
            ways = alike[kind] = SmtpdWays(service, listener, dovecots)
        size += ways.size
        if size > max(MAX_SIZE, ways.size):
            what = f"who relays through {shortened(ways.name)} and the services behind it"
            why = f"with those before it they have tables of more than {MAX_SIZE} entries"
            postfix.configuration.not_checked.append(NotChecked(what, why))
            return
        yield ways


def postfix_rows(services: Iterable[SmtpdWays]) -> Iterator[Row]:
    """Yield the rows of Postfix; those that another makes superfluous may be among them."""
    for service in services:
        yield from _rows_of(service)


def _rows_of(service: SmtpdWays) -> Iterator[Row]:
    relaying = [row for way in service.ways if way.destination is Destination.FOREIGN for row in _of_way(service, way)]
    yield from relaying
    if not takes_from_strangers(service):
        for way in service.ways:
            for row in _of_way(service, way) if way.destination is not Destination.FOREIGN else ():
                if not any(other._replace(right=row.right).needs_no_more_than(row) for other in relaying):
                    yield row
    if service.tls_states:
        yield from _identity_rows(service)


def takes_from_strangers(service: SmtpdWays) -> bool:
    """Whether everybody who can connect may hand in mail for this host's domains, as on port 25 of an MX."""
    open_to = AddressSet()
    for way in service.ways:
        if way.destination is Destination.LOCAL and way.is_anonymous:
            open_to |= way.addresses
    return open_to.covers(reachable_from(service.listener))


def _of_way(service: SmtpdWays, way: Way) -> Iterator[Row]:
    principal = way.principal
    right = Right.RELAY if way.destination is Destination.FOREIGN else Right.ENTRY
    because = (*way.outcome.because, *_because_of_state(service, way))
    row = Row(
        source_of(service, way.addresses),
        service.listener,
        principal.tls,
        principal.kind,
        (),
        Secret.NONE,
        "",
        right,
        revocable(service, way),
        because,
        (*way.outcome.relied_on, *(service.tls_doubts if principal.tls else ())),
    )
    if principal.user is None:
        yield _doubted(row, way.outcome.doubts)
        return
    for logins in _alike(service.sasl.offer(tls=principal.tls).logins):
        login = logins[0]
        if common := way.addresses & login.networks:
            yield _doubted(
                row._replace(
                    source=source_of(service, common),
                    mechanisms=tuple(dict.fromkeys(one.mechanism for one in logins)),
                    secret=login.secret,
                    users=login.users,
                    because=(*because, *login.because),
                    unknown=(*row.unknown, *login.unknown),
                ),
                way.outcome.doubts,
            )


def _doubted(row: Row, doubts: tuple[Unknown, ...]) -> Row:
    """Return an open row with what may close it: nobody should be alarmed by one that a policy service guards."""
    return row._replace(unknown=(*row.unknown, *doubts)) if row.is_open else row


def _alike(logins: Iterable[Login]) -> Iterator[list[Login]]:
    """Yield the logins that differ in nothing but their mechanisms together."""
    groups: dict[tuple[object, ...], list[Login]] = defaultdict(list)
    for login in logins:
        groups[login.secret, login.users, login.networks, login.unknown].append(login)
    yield from groups.values()


def _because_of_state(service: SmtpdWays, way: Way) -> Iterator[Because]:
    smtpd = service.service
    if not way.outcome.permits:
        yield smtpd.get("smtpd_relay_restrictions").origin, "refuses nobody here"
    if way.outcome.is_permitted_by("permit_mynetworks"):
        networks = smtpd.get("mynetworks")
        yield networks.origin, "mynetworks"
    if way.principal.certificate:
        yield smtpd.asking_parameter.origin, "clients are asked for a certificate"
        for parameter in smtpd.authorities.settings if way.principal.certificate.trusted else ():
            yield parameter.origin, "the CAs that vouch for it"
    if way.principal.user:
        yield smtpd.get("smtpd_sasl_auth_enable").origin, "clients may log in"


def source_of(service: SmtpdWays, addresses: AddressSet) -> Source:
    """Return a set of addresses by the name that it has."""
    networks = service.clients.mynetworks.addresses
    for known in (ANYWHERE, THIS_HOST, Source("mynetworks", networks)):
        if addresses == known.addresses:
            return known
    if LOOPBACK.covers(addresses):
        return Source(THIS_HOST.name, addresses)
    if networks.covers(addresses):
        return Source("part of mynetworks", addresses)
    if addresses == EVERYWHERE - networks:
        return Source("anywhere else", addresses)
    return Source(str(addresses), addresses)


def _identity_rows(service: SmtpdWays) -> Iterator[Row]:
    """Yield who may say that a session is somebody else's (XCLIENT_README, XFORWARD_README, postconf(5))."""
    smtpd = service.service
    named = (("smtpd_authorized_xclient_hosts", XCLIENT), ("smtpd_authorized_xforward_hosts", XFORWARD))
    for name, users in named:
        parameter = smtpd.get(name)
        found = host_list(smtpd.postfix.host, parameter) if parameter.effective else HostList(AddressSet())
        reach = service.admitted
        # XCLIENT may come before STARTTLS, XFORWARD only where mail may (smtpd_cmd_table, smtpd.c).
        tls = min(service.tls_states) if users == XFORWARD else service.listener.wrapped
        certificate = Certificate.TRUSTED if tls and smtpd.requires_certificate else Certificate.NONE
        for addresses, unknown in ((found.addresses & reach, ()), (reach, found.unknown)):
            if addresses and (unknown or addresses is not reach):
                yield Row(
                    source_of(service, addresses),
                    service.listener,
                    tls,
                    certificate,
                    (),
                    Secret.NONE,
                    users,
                    Right.CHANGE_IDENTITY,
                    because=((parameter.origin, f"{name} names who may"),),
                    unknown=unknown,
                )
    if service.listener.proxied:
        yield Row(
            source_of(service, reachable_from(service.listener)),
            service.listener,
            tls=False,
            certificate=Certificate.NONE,
            mechanisms=(),
            secret=Secret.NONE,
            users=PROXY,
            right=Right.CHANGE_IDENTITY,
            because=((service.listener.origin, "takes the PROXY protocol from whoever connects"),),
        )
