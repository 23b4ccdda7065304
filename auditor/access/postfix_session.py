"""What one SMTP session is to smtpd: who the client is, and what it says."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.access.addresses import AddressSet
    from auditor.access.postfix_answers import Answer, Text

FRESH_NAME = "somewhere.test"
"""A name that no configuration mentions."""


class Destination(Enum):
    """Where a recipient is."""

    LOCAL = "local"
    """In a domain for which this host is the final destination."""
    RELAY_DOMAIN = "relay domain"
    """In a domain of relay_domains."""
    FOREIGN = "foreign"


class Client(NamedTuple):
    """Addresses that are all alike to a service: what each restriction that looks at them answers, by its key."""

    addresses: AddressSet
    answers: Mapping[str, Answer]


class Shown(NamedTuple):
    """A client certificate: its fingerprint, empty for one that no table lists, and whether the CAs vouch for it."""

    fingerprint: Text
    trusted: bool


class Session(NamedTuple):
    """One session up to one recipient. What the client has not said, or what is not known yet, is None.

    An empty ``sender`` is the null sender.
    """

    client: Client
    tls: bool = False
    certificate: Shown | None = None
    user: Text | None = None
    """The SASL login."""
    helo: Text | None = None
    sender: Text | None = None
    recipient: Text | None = None
    destination: Destination = Destination.FOREIGN

    def at_connect(self, *, wrapped: bool) -> Session:
        """Return what smtpd knows when the client has connected."""
        encrypted = (self.tls, self.certificate) if wrapped else (False, None)
        return Session(self.client, *encrypted)

    def at_helo(self) -> Session:
        """Return what smtpd knows when it gets HELO or EHLO, which may come after STARTTLS and AUTH."""
        return self._replace(sender=None, recipient=None)

    def at_mail(self) -> Session:
        """Return what smtpd knows when it gets MAIL FROM."""
        return self._replace(recipient=None)
