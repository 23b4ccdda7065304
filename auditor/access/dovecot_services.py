"""The ways into Dovecot beside logins: the ports and world-open sockets of doveadm, auth and lmtp.

Source: ``auth_socket_type_get`` (src/auth/main.c), ``client_connection_tcp_authenticate`` and
``doveadm_http_server_authorize_request`` (src/doveadm), 2.3.19.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.access.addresses import EVERYWHERE
from auditor.access.dovecot_listeners import reachable_from
from auditor.access.rows import ANYWHERE, THIS_HOST, Certificate, Listener, Right, Row, Secret, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.access.dovecot_listeners import InetListener, UnixListener
    from auditor.access.facts import Because
    from auditor.dovecot.configuration import Setting
    from auditor.model.dovecot import Dovecot

MASTER_KINDS: Final = frozenset({"master", "userdb", "login"})
"""Sockets of auth that answer who a user is, or take a login for granted."""


def service_rows(dovecot: Dovecot, ports: Iterable[InetListener], sockets: Iterable[UnixListener]) -> Iterator[Row]:
    """Yield what the services other than the login services let others do."""
    for port in ports:
        yield from _of_port(dovecot, port)
    for socket in sockets:
        # What Dovecot itself opens to everybody asks for a cookie or the peer's uid, or lies in a closed folder.
        if socket.open_to_others and not socket.is_default:
            yield from _of_socket(socket)


def free_row(source: Source, listener: Listener, right: Right, users: str, *because: Because) -> Row:
    """Return a way in that needs nothing but a connection."""
    return Row(
        source=source,
        listener=listener,
        tls=listener.wrapped,
        certificate=Certificate.NONE,
        mechanisms=(),
        secret=Secret.NONE,
        users=users,
        right=right,
        because=because,
    )


def _of_port(dovecot: Dovecot, port: InetListener) -> Iterator[Row]:
    reach = reachable_from(port.listener)
    source = ANYWHERE if reach == EVERYWHERE else Source(str(reach), reach)
    if port.service == "auth":
        right = Right.ADMINISTER if port.kind in MASTER_KINDS else Right.CHANGE_IDENTITY
        yield free_row(source, port.listener, right, "")
    elif port.service == "lmtp":
        yield free_row(source, port.listener, Right.ENTRY, "")
    elif port.service == "doveadm":
        for secret in doveadm_secrets(dovecot, port):
            row = free_row(source, port.listener, Right.ADMINISTER, "", (secret.origin, "what clients must know"))
            yield row._replace(secret=Secret.ONE_PASSWORD)


def doveadm_secrets(dovecot: Dovecot, port: InetListener) -> list[Setting]:
    """Return the settings with what opens doveadm's port; without one nobody gets in."""
    names = ("doveadm_password", "doveadm_api_key") if port.kind == "http" else ("doveadm_password",)
    found = (dovecot.get(name) for name in names)
    return [setting for setting in found if setting is not None and setting.value]


def _of_socket(socket: UnixListener) -> Iterator[Row]:
    listener = Listener("dovecot", socket.service, None, (), socket.origin, path=socket.path)
    # With this mode exactly, users are looked up for the socket's owner alone (userdb_restricted_uid).
    if socket.kind == "userdb" and socket.mode & 0o777 == 0o666:
        return
    if socket.service == "auth":
        right = Right.ADMINISTER if socket.kind in MASTER_KINDS else Right.CHANGE_IDENTITY
        yield free_row(THIS_HOST, listener, right, "")
    elif socket.service == "doveadm":
        yield free_row(THIS_HOST, listener, Right.ADMINISTER, "")
