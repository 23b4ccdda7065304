"""Where Postfix looks for Dovecot's auth service, and whether something listens there for it."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from auditor.access.addresses import LOOPBACK, parsed_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.access.dovecot import DovecotAccess
    from auditor.access.dovecot_listeners import UnixListener
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


def listens(dovecots: Sequence[DovecotAccess], socket: SaslSocket) -> bool | UnixListener:
    """Return whether some auth service listens there, the listener itself for a UNIX socket."""
    for dovecot in dovecots:
        for unix in dovecot.sockets:
            if socket.path and unix.service == AUTH and _usual(unix.path) == socket.path:
                return unix
        if any(inet.service == AUTH and str(inet.listener.port) == socket.port for inet in dovecot.ports):
            return True
    return False


def _usual(path: str) -> str:
    """Return a path without the old name of /run, which is a link to it."""
    path = posixpath.normpath(path)
    return path.removeprefix("/var") if path.startswith("/var/run/") else path
