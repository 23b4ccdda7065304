"""The rows of the access table: one for each minimal way in."""

from __future__ import annotations

from collections import defaultdict
from enum import Enum
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from auditor.access.addresses import EVERYWHERE, LOOPBACK, AddressSet
from auditor.text import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.access.facts import Because, Unknown


class Source(NamedTuple):
    """From where: a set of addresses by the name that the configuration gives it, such as ``mynetworks``."""

    name: str
    addresses: AddressSet

    @property
    def is_local(self) -> bool:
        """Whether only the host itself is in it."""
        return LOOPBACK.covers(self.addresses)


ANYWHERE = Source("anywhere", EVERYWHERE)
THIS_HOST = Source("this host", LOOPBACK)
"""Loopback; Dovecot counts connections between equal addresses with it (login-common, ``client_get_secured``)."""


class Listener(NamedTuple):
    """Where a client connects.

    ``service`` is the protocol (``imap``) or, of Postfix, the service of master.cf (``submission``); ``path`` is that
    of a UNIX socket, and ``port`` then None. ``wrapped`` is TLS from the first byte, ``proxied`` the PROXY protocol.
    """

    product: str
    service: str
    port: int | None
    addresses: tuple[str, ...]
    origin: Origin
    wrapped: bool = False
    proxied: bool = False
    path: str = ""

    def moved(self) -> Listener:
        """Return the listener without its place in a file, for comparing rows of two trees.

        The addresses that it is bound to are left out, too: who gets to them is the source of the row.
        """
        return self._replace(origin=Origin(), addresses=())

    @property
    def label(self) -> str:
        """Its name for people: ``imap 143``, ``submission 587``, ``10587``, ``lmtp /run/dovecot/lmtp``."""
        where = self.path or str(self.port or "")
        return " ".join(dict.fromkeys(filter(None, (self.service, where))))


class Right(Enum):
    """What one can do, the most dangerous first."""

    ADMINISTER = "administer"
    """Do everything to every user by doveadm's protocol, or look up and choose identities (auth master sockets)."""
    READ_ANYONE = "read anyone's mail"
    """Open the mailbox of any user, as a master user does."""
    RELAY = "relay"
    """Send mail to foreign domains."""
    READ = "read mail"
    """Open one's own mailbox."""
    CHANGE_IDENTITY = "claim another client's identity"
    """Say which address, name or login a connection has: XCLIENT, XFORWARD, the PROXY protocol."""
    ENTRY = "deliver to local domains"
    """Hand in mail for the domains of this host where a service keeps others out."""


class Certificate(Enum):
    """The client certificate that is needed."""

    NONE = "no"
    ANY = "any"
    """One that anybody can make: nobody needs to vouch for it, nor does a table list it."""
    LISTED = "listed"
    """One whose fingerprint stands in a table."""
    TRUSTED = "trusted"
    """One that the CAs of the listener vouch for."""
    LISTED_AND_TRUSTED = "listed and trusted"

    @property
    def is_open(self) -> bool:
        """Whether strangers have one, or need none."""
        return self in (Certificate.NONE, Certificate.ANY)

    def will_do_for(self, other: Certificate) -> bool:
        """Whether who has the other kind gets by where this one is needed."""
        return self in _WEAKER_CERTIFICATES[other]


class Secret(Enum):
    """What must be known, the worst first."""

    NONE = "none"
    ANY_PASSWORD = "any password"
    EMPTY_PASSWORD = "an empty password"
    ONE_PASSWORD = "one password for all"
    PASSWORD = "password"
    TOKEN = "token"
    """A bearer token or ticket that another service issues (OAUTHBEARER, GSSAPI)."""

    @property
    def is_open(self) -> bool:
        """Whether knowing nothing is enough."""
        return self in (Secret.NONE, Secret.ANY_PASSWORD, Secret.EMPTY_PASSWORD)


class Revocable(Enum):
    """Whether a certificate that this way rests on can be taken back before it expires."""

    NOT_APPLICABLE = "-"
    BY_CRL = "by CRL"
    BY_LIST = "by fingerprint list"
    NO = "no"
    UNKNOWN = "unknown"


class Row(NamedTuple):
    """One way in. ``unknown`` holds what was needed to be sure of it and is not known; such a row may not exist."""

    source: Source
    listener: Listener
    tls: bool
    """Whether it takes TLS."""
    certificate: Certificate
    mechanisms: tuple[str, ...]
    """The SASL mechanisms, in capitals, any of which will do; empty where none is needed."""
    secret: Secret
    users: str
    """As whom, in words; empty where no identity matters."""
    right: Right
    revocable: Revocable = Revocable.NOT_APPLICABLE
    because: tuple[Because, ...] = ()
    unknown: tuple[Unknown, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether strangers get in: from elsewhere, knowing nothing and without a certificate."""
        return self.secret.is_open and self.certificate.is_open and not self.source.is_local

    @property
    def is_login(self) -> bool:
        """Whether one logs in by SASL."""
        return bool(self.mechanisms)

    @property
    def needs_certificate(self) -> bool:
        """Whether a client certificate is needed."""
        return self.certificate is not Certificate.NONE

    @property
    def door(self) -> tuple[Right, Listener]:
        """What a row must have in common with another one for one of them to need no more than the other."""
        return self.right, self.listener

    def needs_no_more_than(self, other: Row) -> bool:
        """Whether whoever can go the other way can go this one, too, and it gives the same right as the same users."""
        return (
            self.right is other.right
            and self.listener == other.listener
            and self.users in (other.users, "")
            and self.source.addresses.covers(other.source.addresses)
            and self.tls <= other.tls
            and self.certificate.will_do_for(other.certificate)
            and self.secret in _WEAKER_SECRETS[other.secret]
            and (
                not self.mechanisms or bool(set(self.mechanisms) & set(other.mechanisms)) or self.secret is Secret.NONE
            )
            and (not self.unknown or bool(other.unknown))
        )


_WEAKER_CERTIFICATES = {
    Certificate.NONE: {Certificate.NONE},
    Certificate.ANY: {Certificate.NONE, Certificate.ANY},
    Certificate.LISTED: {Certificate.NONE, Certificate.ANY, Certificate.LISTED},
    Certificate.TRUSTED: {Certificate.NONE, Certificate.ANY, Certificate.TRUSTED},
    Certificate.LISTED_AND_TRUSTED: set(Certificate),
}
"""Per certificate that one has, those that it will do for."""
_WEAKER_SECRETS = {
    Secret.NONE: {Secret.NONE},
    Secret.ANY_PASSWORD: {Secret.NONE, Secret.ANY_PASSWORD},
    Secret.EMPTY_PASSWORD: {Secret.NONE, Secret.ANY_PASSWORD, Secret.EMPTY_PASSWORD},
    Secret.ONE_PASSWORD: {Secret.NONE, Secret.ANY_PASSWORD, Secret.ONE_PASSWORD},
    Secret.PASSWORD: {Secret.NONE, Secret.ANY_PASSWORD, Secret.PASSWORD},
    Secret.TOKEN: {Secret.NONE, Secret.TOKEN},
}
"""Per secret that one has, those that it will do for."""


def minimal(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return the rows without those that another makes superfluous, the most dangerous first."""
    order = {row: at for at, row in enumerate(sorted(dict.fromkeys(rows), key=_danger))}
    kept: dict[object, list[Row]] = defaultdict(list)
    for row in order:
        door = kept[row.door]
        if not any(other.needs_no_more_than(row) for other in door):
            door[:] = [*(other for other in door if not row.needs_no_more_than(other)), row]
    return tuple(sorted(chain.from_iterable(kept.values()), key=order.__getitem__))


def _danger(row: Row) -> tuple[int, ...]:
    return (
        list(Right).index(row.right),
        row.source.is_local,
        list(Secret).index(row.secret),
        list(Certificate).index(row.certificate),
        row.tls,
        bool(row.unknown),
        row.listener.port or 0,
    )
