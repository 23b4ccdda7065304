"""A case, the daemon that runs it, and what clients try there."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from clients import ClosedError, Door, Session, login, mail

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cases import Case

LOG_TRIES: Final = 20
"""Tenths of a second that a text may take into the log."""


@dataclass(frozen=True)
class Login:
    """What one client tries."""

    door: Door
    mechanism: str
    user: str = ""
    password: str = ""
    mailbox: str = ""
    """Whose mailbox is asked for (SASL's authorization identity), if not the user's own."""
    client: str = ""
    """Whose certificate is shown."""
    source: str = ""
    tls: bool = True
    """Whether TLS is started where it is not there from the first byte."""


@dataclass
class Trial:
    """A case, the daemon that runs it, and the certificates that clients come with."""

    case: Case
    server: Any
    certificates: dict[str, Path]

    @property
    def doors(self) -> Iterable[Door]:
        return self.server.doors

    def session(self, door: Door, client: str = "", **how: Any) -> Session:
        """Connect, with a client's certificate if one is named."""
        return Session(self.server.cage, door, self.certificates[client] if client else None, **how)

    def logs(self, *texts: str) -> bool:
        """Say whether one of these texts stands in the log; it is written by a process of its own, a little later."""
        for _ in range(LOG_TRIES):
            if any(text in self.server.log for text in texts):
                return True
            time.sleep(0.1)
        return False

    def logs_in(self, attempts: Iterable[Login]) -> bool:
        """Say whether any of these logins succeeds; all at once: Dovecot 2.3 takes 0.5 s to say no."""
        with ThreadPoolExecutor(16) as pool:
            return any(pool.map(self._logs_in, attempts))

    def _logs_in(self, attempt: Login) -> bool:
        try:
            with self.session(attempt.door, attempt.client, source=attempt.source, tls=attempt.tls) as session:
                return login(session, attempt.mechanism, attempt.user, attempt.password, attempt.mailbox)
        except ClosedError:
            return False

    def accepted(self, door: Door, client: str = "", *, tls: bool = True) -> frozenset[str]:
        """Return which mail an SMTP server takes from a client: "relay", "local", both or none."""
        try:
            with self.session(door, client, tls=tls) as session:
                return mail(session, relay="x@example.net", local="x@mail.example.org")
        except ClosedError:
            return frozenset()

    def asks(self, door: Door) -> bool:
        """Say whether a client is asked for a certificate at a door."""
        try:
            with self.session(door) as session:
                return session.asked_for_certificate
        except ClosedError:
            return False

    def certificate(self, door: Door) -> bytes:
        """Return the certificate that a server shows, in DER form."""
        with self.session(door) as session:
            return session.certificate

    def opens(self, door: Door, **how: Any) -> bool:
        """Say whether a connection comes about, TLS included unless it is not wanted."""
        try:
            with self.session(door, **how):
                return True
        except ClosedError:
            return False
