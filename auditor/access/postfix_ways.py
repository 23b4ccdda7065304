"""Who can hand what to one smtpd service: the weakest sessions whose recipients it takes."""

from __future__ import annotations

from collections import defaultdict
from copy import copy
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from auditor.access.addresses import INTERNET, AddressSet
from auditor.access.dovecot_listeners import reachable_from
from auditor.access.postfix_answers import named_restrictions
from auditor.access.postfix_clients import Clients
from auditor.access.postfix_restrictions import Restrictions
from auditor.access.postfix_run import LISTS, Run
from auditor.access.postfix_sasl import Sasl, discarded_keywords
from auditor.access.postfix_says import UNLISTED, Says
from auditor.access.postfix_session import Client, Destination, Session, Shown
from auditor.access.rows import Certificate
from auditor.files.tables import Table
from auditor.model.smtpd import TlsLevel
from auditor.postfix.relay_guard import undefined_class
from auditor.postfix.restrictions import class_names, restrictions_of_result

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.access.postfix_answers import Text
    from auditor.access.postfix_run import Outcome, Permit
    from auditor.access.rows import Listener
    from auditor.model import Dovecot
    from auditor.model.smtpd import SmtpdService
    from auditor.postfix.restrictions import Restriction


class Principal(NamedTuple):
    """What somebody has: a connection with TLS or without, a certificate, a login."""

    tls: bool
    certificate: Shown | None
    user: Text | None

    @property
    def kind(self) -> Certificate:
        """The kind of its certificate."""
        if self.certificate is None:
            return Certificate.NONE
        if self.certificate.fingerprint.text or self.certificate.fingerprint.picked:
            return Certificate.LISTED_AND_TRUSTED if self.certificate.trusted else Certificate.LISTED
        return Certificate.TRUSTED if self.certificate.trusted else Certificate.ANY

    def has_no_more_than(self, other: Principal) -> bool:
        """Whether the other one has all that this one has; with TLS there may be other ways to log in."""
        return (
            (self.tls == other.tls if self.user else self.tls <= other.tls)
            and self.user in (None, other.user)
            and (self.certificate in (None, other.certificate) or self.kind.will_do_for(other.kind))
        )


class Way(NamedTuple):
    """Somebody whose recipients in a destination are taken, from some addresses, with one session that shows it."""

    principal: Principal
    destination: Destination
    addresses: AddressSet
    session: Session
    outcome: Outcome

    @property
    def is_anonymous(self) -> bool:
        """Whether it takes neither a login nor a certificate that not everybody can make."""
        return self.principal.user is None and self.principal.kind.is_open

    @property
    def by_mynetworks(self) -> bool:
        """Whether it is there for the clients in mynetworks."""
        return self.outcome.is_permitted_by("permit_mynetworks")

    @property
    def by_table(self) -> Permit | None:
        """The access table that let it past a list, if one did."""
        return next((one for one in self.outcome.permits if one.entry), None)

    @property
    def is_certain(self) -> bool:
        """Whether nothing that is not known could close it."""
        return not self.outcome.relied_on and not self.outcome.doubts


class SmtpdWays:
    """The ways through one smtpd service."""

    def __init__(self, service: SmtpdService, listener: Listener, dovecots: Sequence[Dovecot]) -> None:
        self.service = service
        self.listener = listener
        self.sasl = Sasl(service, dovecots)
        self.clients = Clients(service)
        self.restrictions = Restrictions(service)
        self.run = Run(service, self.restrictions)
        self._items = tuple(self._all_items())
        self.says = Says(service, self.restrictions, self._items)

    def also_at(self, service: SmtpdService, listener: Listener) -> SmtpdWays:
        """Return the ways through another service that has the same settings, worked out once for both."""
        known = self.ways
        other = copy(self)
        other.ways = known
        other.service, other.listener = service, listener
        return other

    def _all_items(self) -> Iterator[Restriction]:
        """Yield every restriction of the lists, of the classes that tables may name, and of the tables' results."""
        configuration, service = self.service.postfix.configuration, self.service.service
        names = (*LISTS, *sorted(class_names(configuration, service)))
        listed = [item for name in names for item in self.service.restrictions(name)]
        yield from listed
        for item in {one.argument: one for one in listed if one.argument}.values():
            table = self.service.postfix.tables.table(item)
            for result in named_restrictions(table) if isinstance(table, Table) else ():
                yield from restrictions_of_result(configuration, service, result, item.origin)

    @cached_property
    def tls_states(self) -> tuple[bool, ...]:
        """Whether a session that hands in mail is encrypted: one value for each state that there is.

        Without a certificate of its own, smtpd answers STARTTLS with 454, and hangs up in wrapper mode. With a SASL
        server that offers it no mechanism, it ends as soon as a session gets to where AUTH would be offered (smtpd.c).
        """
        service = self.service
        if not service.has_relay_guard or undefined_class(service.postfix.configuration, service.service):
            return ()
        clear_ends = self.sasl.offer(tls=False).dead
        works = service.has_server_certificate and not self.sasl.offer(tls=True).dead
        if service.is_on("smtpd_tls_wrappermode"):
            return (True,) if works else ()
        begins = "starttls" not in discarded_keywords(service) and service.tls_level is not TlsLevel.NONE
        clear = not clear_ends and service.tls_level is not TlsLevel.ENCRYPT
        encrypted = works and begins and not clear_ends
        return (*((False,) if clear else ()), *((True,) if encrypted else ()))

    @cached_property
    def parted_clients(self) -> tuple[Client, ...]:
        """The addresses that can reach the listener, in sets that the service treats alike."""
        reach = reachable_from(self.listener)
        parted = self.clients.parted(self._items)
        return tuple(one._replace(addresses=common) for one in parted if (common := one.addresses & reach))

    @cached_property
    def admitted(self) -> AddressSet:
        """The addresses whose clients are served at all."""
        parts = [client.addresses.ranges for client in self.parted_clients if self.run.admits(client)]
        return AddressSet.of_ranges([part for ranges in parts for part in ranges])

    @cached_property
    def principals(self) -> tuple[Principal, ...]:
        """Everybody who may come, the weakest first."""
        found = [
            Principal(tls, certificate, user)
            for tls in self.tls_states
            for certificate in self._certificates(tls=tls)
            for user in (None, *(self.says.users if self.sasl.offer(tls=tls).logins else ()))
        ]
        return tuple(sorted(found, key=lambda one: (one.user is not None, one.certificate is not None, one.tls)))

    def _certificates(self, *, tls: bool) -> tuple[Shown | None, ...]:
        if not tls:
            return (None,)
        return self.says.certificates if self.service.requires_certificate else (None, *self.says.certificates)

    @cached_property
    def ways(self) -> tuple[Way, ...]:
        """The ways in which recipients are taken, for each only the weakest principals."""
        grouped: dict[tuple[object, ...], list[Way]] = defaultdict(list)
        needing_less: dict[tuple[Principal, Destination], list[AddressSet]] = defaultdict(list)
        for client, destination in product(self.parted_clients, Destination):
            taken: list[Way] = []
            for principal in self.principals:
                weaker = [way for way in taken if way.principal.has_no_more_than(principal)]
                if any(not way.outcome.relied_on for way in weaker):
                    needing_less[principal, destination].append(client.addresses)
                    continue
                way = self._way(client, principal, destination)
                if way and not any(set(one.outcome.relied_on) <= set(way.outcome.relied_on) for one in weaker):
                    grouped[principal, destination, way.outcome.relied_on, way.outcome.permits].append(way)
                    taken.append(way)
        return tuple(
            _joined(group, needing_less[group[0].principal, group[0].destination]) for group in grouped.values()
        )

    @cached_property
    def strangers(self) -> tuple[Way, ...]:
        """The ways by which somebody on the Internet of whom nothing is known relays mail."""
        return tuple(
            way
            for way in self.ways
            if way.destination is Destination.FOREIGN and way.is_anonymous and way.addresses & INTERNET
        )

    def refusing_certificates(self) -> Restriction | None:
        """Return what refuses somebody on the Internet who has nothing but a certificate that is trusted and listed."""
        client = next((one for one in self.parted_clients if one.addresses & INTERNET), None)
        if client is None:
            return None
        listed = (shown.fingerprint for shown in self.says.certificates if shown.fingerprint.text)
        shown = Shown(next(listed, UNLISTED), trusted=True)
        way = (self.says.helos[0], self.says.senders[0], self.says.recipients(Destination.FOREIGN)[0])
        return self.run.outcome(Session(client, True, shown, None, *way)).refused_by

    def _way(self, client: Client, principal: Principal, destination: Destination) -> Way | None:
        """Return how somebody gets mail taken, by what is certain if possible."""
        uncertain: Way | None = None
        base = Session(client, *principal, destination=destination)
        for helo, sender, recipient in product(self.says.helos, self.says.senders, self.says.recipients(destination)):
            session = base._replace(helo=helo, sender=sender, recipient=recipient)
            outcome = self.run.outcome(session)
            if outcome.taken:
                way = Way(principal, destination, client.addresses, session, outcome)
                if not outcome.relied_on:
                    return way
                uncertain = uncertain or way
        return uncertain


def _joined(ways: list[Way], needing_less: list[AddressSet]) -> Way:
    """Return one way for all addresses that have it, those with a way that needs less included."""
    parts = [*(way.addresses for way in ways), *needing_less]
    return ways[0]._replace(addresses=AddressSet.of_ranges([part for one in parts for part in one.ranges]))
