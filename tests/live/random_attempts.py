"""Logins to try at a random configuration, and what the access table says of each."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from itertools import product
from typing import TYPE_CHECKING, Final

from clients import ClosedError, Door, Session, login
from random_auth import CA_FILES, USERS

from auditor.access.dovecot import DovecotAccess
from auditor.access.rows import THIS_HOST, Certificate, Right, Secret
from auditor.dovecot.read import read_dovecot
from auditor.host import Host, Mount, Unreadable
from auditor.model import build_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random

    from cage import Cage
    from random_auth import RandomConfiguration

    from auditor.access.rows import Row

VERSIONS: Final = {"2.3": "2.3.19", "2.4": "2.4.1"}
DOORS: Final = {143: ("imap", False), 993: ("imap", True), 110: ("pop3", False), 10143: ("imap", False)}
SOURCES: Final = {"192.0.2.1": ("198.51.100.7", "192.168.0.9", "192.0.2.1"), "127.0.0.1": ("127.0.0.1", "127.0.0.9")}
"""Where clients come from, for each address that they connect to."""
CLIENTS: Final = ("", "alice", "revoked", "stranger")
NAME_OF: Final = {"alice": USERS[0], "revoked": "revoked@example.org", "stranger": USERS[0]}
CLAIMS: Final = ("198.51.100.7", "127.0.0.1", "192.168.0.9")
"""Addresses that a proxy claims for its client, one for each network of the configurations."""


@dataclass(frozen=True)
class Try:
    """One login: where to and from, with TLS or not, with whose certificate, by which mechanism, as whom.

    On a port for proxies ``client`` is the name that the proxy claims, unless there is TLS behind the proxy.
    """

    address: str
    port: int
    source: str
    tls: bool
    client: str
    mechanism: str
    user: str
    password: str
    mailbox: str = ""

    @property
    def claimed(self) -> bool:
        """Whether a proxy claims the client's certificate."""
        return self.port == 10143 and not self.tls

    def happens(self, cage: Cage, certificates: dict[str, Path]) -> bool:
        """Say whether one is in."""
        protocol, wrapped = DOORS[self.port]
        shown = not self.claimed and self.client
        door = Door(protocol, self.address, self.port, wrapped)
        for claim in CLAIMS if self.port == 10143 else ("",):
            name = NAME_OF.get(self.client, "") if self.claimed else ""
            preface = proxy_header(claim, name, tls=self.claimed) if claim else b""
            certificate = certificates[self.client] if shown else None
            try:
                with Session(
                    cage, door, certificate, tls=self.tls, source=self.source, patience=20, preface=preface
                ) as session:
                    user = "" if self.mechanism == "EXTERNAL" else self.user
                    if login(session, self.mechanism, user, self.password, self.mailbox):
                        return True
            except ClosedError:
                continue
        return False


def proxy_header(source: str, name: str, *, tls: bool = True) -> bytes:
    """Return a header of the PROXY protocol, version 2, of a client with TLS and, by that name, a certificate."""
    addresses = ipaddress.IPv4Address(source).packed + ipaddress.IPv4Address("203.0.113.9").packed
    body = addresses + struct.pack("!HH", 4444, 143)
    flags = 0x01 | (0x06 if name else 0)
    inner = struct.pack("!BI", flags, 0) + (struct.pack("!BH", 0x22, len(name)) + name.encode() if name else b"")
    if tls:
        body += struct.pack("!BH", 0x20, len(inner)) + inner
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", 0x21, 0x11, len(body)) + body


def accepts(names: str, name: str) -> bool:
    """Say whether a username filter of the configurations lets a name through."""
    words = names.split()
    asked = [word for word in words if not word.startswith("!")]
    refused = [word[1:] for word in words if word.startswith("!")]
    return not any(fnmatch(name, word) for word in refused) and (
        not asked or any(fnmatch(name, word) for word in asked)
    )


def is_left_out(name: str, left_out: str) -> bool:
    """Say whether a name is one of those behind ``but`` in the words for users."""
    passing = (words.removeprefix("those who pass ").strip("`") for words in left_out.split(", ") if " pass `" in words)
    return name in left_out.split(", ") or any(accepts(names, name) for names in passing)


class Prediction:
    """What the access table of one configuration says of logins."""

    def __init__(self, configuration: RandomConfiguration, folder: Path) -> None:
        self.configuration = configuration
        host = Host((Mount("/", str(folder)),))
        read = read_dovecot(host, "/etc/dovecot/dovecot.conf", VERSIONS[configuration.dialect])
        assert not isinstance(read, Unreadable)
        audited = build_model(host, [read], [], datetime.now(UTC))
        self.dovecot = audited.dovecot[0]
        self.rows = DovecotAccess(audited, self.dovecot).rows

    def says(self, attempt: Try) -> bool:
        """Return whether some row lets an attempt in."""
        return any(self._allows(row, attempt) for row in self.rows)

    def is_told(self, attempt: Try) -> bool:
        """Return whether the rows tell at all.

        One with any password says nothing of the right one; and 2.4.1 reads the name that a proxy gives from freed
        memory, so that anything may happen. Of the host's own addresses a table knows loopback only, which stands for
        all where the passdbs treat all alike.
        """
        parted = any(row.source.name == THIS_HOST.name and row.source != THIS_HOST for row in self.rows)
        if parted and not attempt.tls and attempt.source == attempt.address:
            return ipaddress.ip_address(attempt.source).is_loopback
        if attempt.claimed and attempt.client and self.dovecot.dialect == "2.4":
            return not self.dovecot.takes_names_from_certificates
        rows = [row for row in self.rows if self._allows(row, attempt)]
        if not rows or any(row.secret is not Secret.ANY_PASSWORD for row in rows):
            return True
        name, typed = self._identity(attempt), self._typed(attempt)
        stored = [text for (_, user), text in self.configuration.passwords.items() if user in ("", name)]
        return typed != "" and typed not in stored

    def tries_for(self, row: Row) -> Iterator[Try]:
        """Yield logins that a row lets in: one for each of its mechanisms, from a source that there is here."""
        if row.right not in (Right.READ, Right.READ_ANYONE) or row.listener.port is None:
            return
        for mechanism in row.mechanisms:
            found = (one for one in self._candidates(row, mechanism) if self.is_told(one) and self._allows(row, one))
            if (attempt := next(found, None)) is not None:
                yield attempt

    def _candidates(self, row: Row, mechanism: str) -> Iterator[Try]:
        port = row.listener.port
        assert port is not None
        ends = ((address, source) for address in SOURCES for source in SOURCES[address])
        mailboxes = ("",) if row.right is Right.READ else USERS
        tls = row.tls or DOORS[port][1]
        # Who has a certificate may have to give the password in place of the name.
        users = (*USERS, *self.passwords) if mechanism == "LOGIN" else USERS
        for (address, source), client, user, password, mailbox in product(
            ends, CLIENTS, users, self.passwords, mailboxes
        ):
            if mailbox != user:
                yield Try(address, port, source, tls, client, mechanism, user, password, mailbox)

    @property
    def passwords(self) -> list[str]:
        """Everything that may be typed: something, nothing, and each password that is stored."""
        return ["any-password", "", *dict.fromkeys(self.configuration.passwords.values())]

    def some(self, chance: Random, number: int) -> Iterator[Try]:
        """Yield random logins, at the ports that are open."""
        ports = sorted({row.listener.port for row in self.rows if row.listener.port in DOORS} or {143})
        mechanisms = [name.upper() for name in self.dovecot.mechanisms]
        for _ in range(number):
            address = chance.choice(list(SOURCES))
            port = chance.choice(ports)
            wrapped = DOORS[port][1]
            mailbox = chance.choice(("", "", "", *USERS))
            yield Try(
                address,
                port,
                chance.choice(SOURCES[address]),
                tls=wrapped or (port != 10143 and self._offers_tls and chance.random() < 0.5),
                client=chance.choice(CLIENTS),
                mechanism=chance.choice(mechanisms),
                user=chance.choice([user for user in (*USERS, "nobody") if user != mailbox]),
                password=chance.choice(self.passwords),
                mailbox=mailbox,
            )

    @property
    def _offers_tls(self) -> bool:
        setting = self.dovecot.get("ssl")
        return setting is not None and setting.value != "no"

    # ----------------------------------------------------------------------------------------------------------------

    def _allows(self, row: Row, attempt: Try) -> bool:
        return (
            row.right is self._right(attempt)
            and row.listener.port == attempt.port
            and self._is_bound(row, attempt)
            and attempt.mechanism in row.mechanisms
            and attempt.tls >= row.tls
            and self._comes_from(row, attempt)
            and (row.certificate is Certificate.NONE or self._is_good(row, attempt))
            and (attempt.mechanism != "EXTERNAL" or bool(attempt.client and (attempt.claimed or self._valid(attempt))))
            and self._is_user(row, attempt)
            and self._knows(row, attempt)
        )

    def _right(self, attempt: Try) -> Right:
        if not attempt.mailbox or attempt.mechanism not in ("PLAIN", "EXTERNAL"):
            return Right.READ
        return Right.READ if attempt.mailbox == self._identity(attempt) else Right.READ_ANYONE

    def _is_bound(self, row: Row, attempt: Try) -> bool:
        if f"local {attempt.address} " in self.configuration.text and not row.listener.proxied:
            return row.listener.addresses == (attempt.address,)
        return bool({"*", attempt.address} & {*row.listener.addresses})

    def _comes_from(self, row: Row, attempt: Try) -> bool:
        if row.source == THIS_HOST and not row.listener.proxied and not attempt.tls:
            # Which addresses the host has is not in the configuration; equal ones count.
            return attempt.source == attempt.address
        if row.source.name == THIS_HOST.name and not attempt.tls and attempt.source != attempt.address:
            return False
        return ipaddress.ip_address(attempt.source) in row.source.addresses

    def _is_good(self, row: Row, attempt: Try) -> bool:
        return self._valid(attempt) and row.certificate is Certificate.TRUSTED

    def _valid(self, attempt: Try) -> bool:
        """Return whether the client's certificate is good: asked for, of a CA that is there, not revoked."""
        setting = self.dovecot.get("ssl_server_request_client_cert")
        ca = self.dovecot.get("ssl_server_ca_file")
        if not attempt.tls or not setting or setting.value == "no" or not ca or not ca.value or not attempt.client:
            return False
        parts = CA_FILES[self.configuration.ca]
        issuer = "other-ca" if attempt.client == "stranger" else "ca"
        if f"{issuer}.crt" not in parts:
            return False
        if not self.dovecot.is_on("ssl_server_require_crl"):
            return True
        lists = [part for part in parts if part.endswith(".crl") and part.startswith(issuer)]
        revokes = "ca-newer-empty.crl" not in lists
        return bool(lists) and not (attempt.client == "revoked" and revokes)

    def _is_named(self, attempt: Try) -> bool:
        """Return whether a certificate says who the client is."""
        shown = bool(attempt.client) and (attempt.claimed or self._valid(attempt))
        return shown and self.dovecot.takes_names_from_certificates

    def _identity(self, attempt: Try) -> str:
        """Return as whom a client is taken: the certificate's name comes before the one that is typed."""
        return NAME_OF[attempt.client] if self._is_named(attempt) else attempt.user

    def _typed(self, attempt: Try) -> str:
        """Return what is taken for the password.

        LOGIN asks for a name, and takes the answer for the password where it has one (mech_login_auth_continue).
        """
        return attempt.user if attempt.mechanism == "LOGIN" and self._is_named(attempt) else attempt.password

    def _is_user(self, row: Row, attempt: Try) -> bool:
        if attempt.mechanism == "ANONYMOUS":
            return True
        name = self._identity(attempt)
        everyone, _, left_out = row.users.partition(" but ")
        everyone, _, names = everyone.partition(" whose name passes the filter ")
        if everyone == "any user name at all":
            return not is_left_out(name, left_out) and accepts(names.strip("`"), name)
        if row.users.startswith("any user in "):
            file = row.users.removeprefix("any user in ")
            return any(name in passdb.entries for passdb in self.configuration.passdbs if passdb.file == file)
        return row.users.partition(" of ")[0] == name

    def _knows(self, row: Row, attempt: Try) -> bool:
        if row.secret in (Secret.NONE, Secret.ANY_PASSWORD) or attempt.mechanism == "EXTERNAL":
            return True
        if row.secret is Secret.EMPTY_PASSWORD:
            return not self._typed(attempt)
        stored = self.configuration.passwords
        if row.secret is Secret.ONE_PASSWORD:
            return self._typed(attempt) in [password for (_, user), password in stored.items() if not user]
        file = row.users.rpartition(" ")[2]
        return self._typed(attempt) == stored.get((file, self._identity(attempt)))
