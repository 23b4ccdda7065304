"""Where Postfix looks for Dovecot's auth service, and whether something listens there for it."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from auditor.access.addresses import LOOPBACK, parsed_address
from auditor.access.dovecot_listeners import UnixListener

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.access.dovecot import DovecotAccess
    from auditor.access.dovecot_listeners import InetListener
    from auditor.model.smtpd import SmtpdService

AUTH: str = "auth"


class SaslSocket(NamedTuple):
    """The place where a service asks: ``path`` of a UNIX socket, or ``port`` on this host.

    Source: ``xsasl_dovecot_server_connect``: ``inet:host:port``, ``unix:path`` or a path alone, relative to the queue
    directory, where smtpd runs; behind chroot an absolute path begins there, too.
    """

    path: str = ""
    port: str = ""

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.path or f"port {self.port}"


def sasl_socket(service: SmtpdService) -> SaslSocket | None:
    """Return where a service looks for its SASL server; None for one on another host."""
    path = service.get("smtpd_sasl_path").effective
    kind, colon, rest = path.partition(":")
    if colon and kind == "inet":
        host, _, port = rest.rpartition(":")
        address = parsed_address("127.0.0.1" if host in ("", "localhost") else host)
        return SaslSocket(port=port) if address is not None and address in LOOPBACK else None
    path = rest if colon and kind == "unix" else path
    folder = service.get("queue_directory").effective
    if service.is_chrooted:
        path = path.lstrip("/")
    return SaslSocket(path=_usual(posixpath.join(folder, path)))


class SaslServer(NamedTuple):
    """Who answers at ``place``, where a service asks for logins.

    ``dovecots`` are the instances whose auth service does. ``fault`` says in words that follow the place why none
    does, empty where that is another host; ``certain`` says that the connection fails, whatever else may run.
    """

    place: str
    dovecots: tuple[DovecotAccess, ...] = ()
    fault: str = ""
    certain: bool = False


def sasl_server(service: SmtpdService, dovecots: Sequence[DovecotAccess]) -> SaslServer:
    """Return who of some Dovecots answers a service that asks Dovecot."""
    socket = sasl_socket(service)
    if socket is None:
        return SaslServer(service.get("smtpd_sasl_path").effective)
    found = {dovecot: listener for dovecot in dovecots if (listener := _listener(dovecot, socket))}
    if not found:
        # A folder that is not in the tree may be a symbolic link to where Dovecot listens, or lie in another container.
        is_there = service.postfix.host.exists(posixpath.dirname(socket.name))
        return SaslServer(socket.name, (), "where no auth service of Dovecot listens", is_there)
    for listener in found.values():
        if isinstance(listener, UnixListener) and not _lets_in(service, listener):
            return SaslServer(socket.name, (), f"which has mode {listener.mode:04o} and keeps Postfix out", True)
    return SaslServer(socket.name, tuple(found))


def open_sockets(service: SmtpdService, dovecots: Sequence[DovecotAccess]) -> set[str]:
    """Return the sockets of auth services that let Postfix in below its queue directory, by their names in there."""
    folder = service.get("queue_directory").effective
    sockets = (one for dovecot in dovecots for one in dovecot.sockets if one.service == AUTH)
    names = {posixpath.relpath(one.path, folder) for one in sockets if _lets_in(service, one)}
    return {name for name in names if not name.startswith("..")}


def _listener(dovecot: DovecotAccess, socket: SaslSocket) -> UnixListener | InetListener | None:
    """Return by what an auth service listens there."""
    unix = (one for one in dovecot.sockets if socket.path and _usual(one.path) == socket.path)
    inet = (one for one in dovecot.ports if str(one.listener.port) == socket.port)
    found: list[UnixListener | InetListener] = [*unix, *inet]
    return next((one for one in found if one.service == AUTH), None)


def _lets_in(service: SmtpdService, listener: UnixListener) -> bool:
    """Whether Postfix may connect, which takes the right to write; a group of another name may have it as a member."""
    owner = service.get("mail_owner").effective
    if listener.mode & 0o002 or (listener.mode & 0o020 and listener.group not in ("", "root", "0")):
        return True
    return bool(listener.mode & 0o200) and listener.user == owner


def _usual(path: str) -> str:
    """Return a path without the old name of /run, which is a link to it."""
    path = posixpath.normpath(path)
    return path.removeprefix("/var") if path.startswith("/var/run/") else path
