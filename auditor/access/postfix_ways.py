"""Who can hand what to one smtpd service: the weakest sessions whose recipients it takes."""

from __future__ import annotations

from collections import defaultdict
from copy import copy
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from auditor.access.addresses import INTERNET, AddressSet
from auditor.access.certificate_grants import certificate_grant
from auditor.access.dovecot_listeners import reachable_from
from auditor.access.facts import Unknown
from auditor.access.postfix_answers import named_restrictions
from auditor.access.postfix_clients import Clients, address_key
from auditor.access.postfix_restrictions import Restrictions, unread
from auditor.access.postfix_run import LISTS, Run
from auditor.access.postfix_sasl import Sasl, discarded_keywords
from auditor.access.postfix_says import UNLISTED, Says
from auditor.access.postfix_session import Client, Destination, Session, Shown
from auditor.access.rows import Certificate
from auditor.files.tables import Table, UnreadableTable
from auditor.model.smtpd import TlsLevel
from auditor.postfix.relay_guard import undefined_class

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.access.certificate_grants import CertificateGrant
    from auditor.access.dovecot import DovecotAccess
    from auditor.access.postfix_answers import Text
    from auditor.access.postfix_run import Outcome, Permit
    from auditor.access.rows import Listener
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

    def __init__(
        self,
        service: SmtpdService,
        listener: Listener,
        dovecots: Sequence[DovecotAccess],
        *,
        lacks_nothing: bool = False,
    ) -> None:
        """Look at a service; ``lacks_nothing`` says that it is to be taken to have a certificate for TLS."""
        self._dovecots = dovecots
        self._has_certificate = lacks_nothing or service.has_server_certificate
        self.service = service
        self.listener = listener
        self.sasl = Sasl(service, dovecots)
        self.clients = Clients(service)
        self.restrictions = Restrictions(service)
        self.run = Run(service, self.restrictions)
        self.items = tuple(self._all_items())
        self.says = Says(service, self.restrictions, self.items)

    @property
    def name(self) -> str:
        """The service as master.cf names it."""
        return self.service.name

    @property
    def size(self) -> int:
        """How many addresses and fingerprints of tables have to be gone through for this service alone."""
        tables = self.service.postfix.tables
        named = (tables.table(item) for item in self.items if address_key(item))
        found = {table for table in (*named, *self.restrictions.relay_clientcerts) if isinstance(table, Table)}
        return sum(len(table.entries) for table in found) + len(self.clients.mynetworks.addresses.ranges)

    def also_at(self, service: SmtpdService, listener: Listener) -> SmtpdWays:
        """Return the ways through another service that has the same settings, worked out once for both."""
        known = self.ways
        other = copy(self)
        other.ways = known
        other.service, other.listener = service, listener
        return other

    def _all_items(self) -> Iterator[Restriction]:
        """Yield every restriction of the lists, and of those that the results of their tables name."""
        found = [item for name in LISTS for item in self.service.restrictions(name)]
        looked_into: set[str] = set()
        # The list grows while it is gone through: a result may name a restriction with a table of its own.
        for item in found:
            yield item
            if item.argument and item.argument not in looked_into:
                looked_into.add(item.argument)
                table = self.service.postfix.tables.table(item)
                named = named_restrictions(table) if isinstance(table, Table) else ()
                found += (one for answer in named for one in self.run.named_by(answer, item))

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
        works = self._has_certificate and not self.sasl.offer(tls=True).dead
        if service.is_on("smtpd_tls_wrappermode"):
            return (True,) if works else ()
        begins = "starttls" not in discarded_keywords(service) and service.tls_level is not TlsLevel.NONE
        clear = not clear_ends and service.tls_level is not TlsLevel.ENCRYPT
        encrypted = works and begins and not clear_ends
        return (*((False,) if clear else ()), *((True,) if encrypted else ()))

    @cached_property
    def tls_doubts(self) -> tuple[Unknown, ...]:
        """Why it cannot be said whether TLS works, as it does not without a certificate and its key."""
        matches = self.service.postfix.served_matches(self.service.service)
        reasons = (found.why for found in matches if found.fits is None and found.why)
        return tuple(Unknown("the certificate of smtpd and its key", why) for why in dict.fromkeys(reasons))

    @cached_property
    def parted_clients(self) -> tuple[Client, ...]:
        """The addresses that can reach the listener, in sets that the service treats alike."""
        reach = reachable_from(self.listener)
        parted = self.clients.parted(self.items)
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

    @cached_property
    def most_clients(self) -> Client | None:
        """The largest set of addresses on the Internet that are all alike: those that no table names."""

        def size(client: Client) -> tuple[int, int]:
            return (client.addresses & INTERNET).size, client.addresses.size

        return max(self.parted_clients, key=size, default=None)

    @cached_property
    def grant(self) -> CertificateGrant | None:
        """What every certificate that the CAs vouch for gives here, or will as soon as TLS has a certificate, too."""
        if self._has_certificate or not self.service.asks_for_certificate:
            return certificate_grant(self)
        return SmtpdWays(self.service, self.listener, self._dovecots, lacks_nothing=True).grant

    @cached_property
    def unread_tables(self) -> dict[Unknown, Restriction]:
        """What is not known of restrictions because their tables cannot be read."""
        found = ((item, self.service.postfix.tables.table(item)) for item in self.items)
        tables = ((item, table) for item, table in found if isinstance(table, UnreadableTable))
        return {missing: item for item, table in tables for missing in unread(item, table).unknown}

    def refusing_certificates(self) -> Restriction | None:
        """Return what refuses somebody on the Internet who has nothing but a certificate that is trusted and listed."""
        client = self.most_clients
        if client is None or not client.addresses & INTERNET:
            return None
        listed = (shown.fingerprint for shown in self.says.certificates if shown.fingerprint.text)
        shown = Shown(next(listed, UNLISTED), trusted=True)
        destination = Destination.LOCAL if self.restrictions.is_final_for_all else Destination.FOREIGN
        said = (self.says.helos[0], self.says.senders[0], self.says.recipients(destination)[0], destination)
        return self.run.outcome(Session(client, True, shown, None, *said)).refused_by

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
