"""What a client of the daemons can try: a TLS handshake, a login, a relayed recipient."""

from __future__ import annotations

import base64
import hmac
import ssl
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cage import NEIGHBOUR, STRANGER

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from cage import Cage

_CERTIFICATE_REQUEST: Final = 13
"""Number of the handshake message (RFC 8446, 4; RFC 5246, 7.4)."""


@dataclass(frozen=True)
class Door:
    """A listening socket, and what is spoken behind it."""

    protocol: str
    address: str
    port: int
    wrapped: bool
    """TLS from the first byte on, as on port 993."""
    name: str = ""
    """The server name that the client asks for (SNI)."""

    def asking_for(self, name: str) -> Door:
        return replace(self, name=name)


class ClosedError(Exception):
    """The server does not go on: it closed the connection, or TLS failed."""


class Session:
    """One connection through a door. ``tls`` is False where it stays in clear text.

    ``preface`` is what a proxy sends before anything else.
    With ``trusted``, a file of CAs, the server must prove to be the one that was asked for, or mail.example.org.
    ``offer`` changes what the client offers.
    ``resumes`` is a session whose TLS session goes on in this one.
    """

    def __init__(
        self,
        cage: Cage,
        door: Door,
        certificate: Path | None = None,
        *,
        tls: bool = True,
        source: str = "",
        patience: float = 10,
        trusted: Path | None = None,
        preface: bytes = b"",
        offer: Callable[[ssl.SSLContext], object] = bool,
        resumes: Session | None = None,
    ) -> None:
        self.door = door
        self._resumes = resumes
        self._trusted = trusted
        self._offer = offer
        self.asked_for_certificate = False
        self._certificate = certificate
        self._socket = _connection(cage, door, source)
        self._socket.settimeout(patience)
        try:
            self._socket.sendall(preface)
            self._open(tls)
        except ClosedError:
            self.close()
            raise

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def command(self, line: str) -> str:
        """Send one line and return the last line of the answer."""
        prefix = "a " if self.door.protocol == "imap" else ""
        self._send(prefix + line)
        return self._answer()

    def say(self, line: str) -> str:
        """Send a line of a dialogue that has begun."""
        self._send(line)
        return self._answer()

    def _open(self, tls: bool) -> None:
        self._file = self._socket.makefile("rb")
        if self.door.wrapped:
            self._start_tls()
        self.greeting = self._line()
        while self.door.protocol == "smtp" and self.greeting[3:4] == "-":
            self.greeting = self._line()
        self.capabilities = self._capabilities()
        if tls and not self.door.wrapped:
            answer = self.command({"imap": "STARTTLS", "pop3": "STLS", "smtp": "STARTTLS"}[self.door.protocol])
            if not answer.startswith(("a OK", "+OK", "220")):
                raise ClosedError(f"no TLS: {answer}")
            self._start_tls()
            self.capabilities = self._capabilities()

    def _capabilities(self) -> str:
        if self.door.protocol != "smtp":
            command = "a CAPABILITY" if self.door.protocol == "imap" else "CAPA"
            self._send(command)
            end = ("a ",) if self.door.protocol == "imap" else (".", "-ERR")
            lines = []
            while not lines or not lines[-1].startswith(end):
                lines.append(self._line())
            return "\n".join(lines)
        if not self.greeting.startswith("220"):
            raise ClosedError(f"no service: {self.greeting}")
        self._send("EHLO client.example.org")
        lines = [self._line()]
        while lines[-1][3:4] == "-":
            lines.append(self._line())
        return "\n".join(lines)

    def _start_tls(self) -> None:
        before = self._resumes
        self._context = before._context if before else self._new_context()
        tls_session = before._socket.session if before else None
        try:
            self._socket = self._context.wrap_socket(
                self._socket, server_hostname=self._server_name, session=tls_session
            )
        except OSError as error:
            raise ClosedError(f"TLS: {error}") from error
        self._file = self._socket.makefile("rb")

    def _new_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self._trusted:
            context.load_verify_locations(self._trusted)
            context.hostname_checks_common_name = False
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self._certificate:
            context.load_cert_chain(self._certificate)
        self._offer(context)
        # Undocumented, but the only way that Python has to see the server's messages.
        context._msg_callback = self._see
        return context

    @property
    def certificate(self) -> bytes:
        """The server's certificate, in DER form."""
        return self._socket.getpeercert(True)

    @property
    def _server_name(self) -> str | None:
        return self.door.name or ("mail.example.org" if self._trusted else None)

    def _see(self, _c: object, _d: object, _v: object, _t: object, message: Any, _b: object) -> None:
        if message == _CERTIFICATE_REQUEST:
            self.asked_for_certificate = True

    def _send(self, line: str) -> None:
        try:
            self._socket.sendall(line.encode() + b"\r\n")
        except OSError as error:
            raise ClosedError(str(error)) from error

    def _line(self) -> str:
        try:
            line = self._file.readline()
        except OSError as error:
            raise ClosedError(str(error)) from error
        if not line:
            raise ClosedError("closed")
        return line.decode("utf-8", "replace").rstrip("\r\n")

    def _answer(self) -> str:
        """Return the line that ends an answer; lines before it, and IMAP's untagged ones, are passed over."""
        while True:
            line = self._line()
            if self.door.protocol == "imap" and not line.startswith(("a ", "+")):
                if line.startswith("* BYE"):
                    return line
                continue
            if self.door.protocol == "smtp" and line[3:4] == "-":
                continue
            return line


def _connection(cage: Cage, door: Door, source: str) -> socket.socket:
    if not source:
        family = next(family for family in STRANGER if (":" in STRANGER[family]) == (":" in door.address))
        source = NEIGHBOUR if door.address.startswith("127.") else STRANGER[family]
    if door.address == "::1":
        source = "::1"
    try:
        return cage.connect(door.address, door.port, source)
    except OSError as error:
        raise ClosedError(str(error)) from error


def login(session: Session, mechanism: str, user: str, password: str = "", acting_for: str = "") -> bool:
    """Try to log in with SASL (RFC 4422) and say whether one is in.

    EXTERNAL takes the user from the certificate unless one is given.
    """
    command = "AUTHENTICATE" if session.door.protocol == "imap" else "AUTH"
    if mechanism == "PLAIN":
        words = [f"{acting_for}\0{user}\0{password}"]
    elif mechanism == "EXTERNAL":
        words = [acting_for or user]
    else:
        words = [user, password]
    answer = session.command(f"{command} {mechanism}")
    if mechanism == "CRAM-MD5" and answer.startswith("+ "):
        challenge = base64.b64decode(answer[2:])
        words = [f"{user} {hmac.new(password.encode(), challenge, 'md5').hexdigest()}"]
    for word in words:
        if answer.startswith(("+", "334")) and not answer.startswith("+OK"):
            answer = session.say(base64.b64encode(word.encode()).decode())
    return answer.startswith(("a OK", "+OK", "235"))


def mail(session: Session, **recipients: str) -> frozenset[str]:
    """Begin a message over SMTP and return the names of the recipients that are taken."""
    if not session.command("MAIL FROM:<sender@example.org>").startswith("250"):
        return frozenset()
    return frozenset(
        name for name, recipient in recipients.items() if session.command(f"RCPT TO:<{recipient}>").startswith("250")
    )
