"""Where Dovecot listens: the ports and sockets of its services, those of the version's defaults included.

A service of a protocol runs where ``protocols`` names it; ``port = 0`` and ``mode = 0`` switch a listener off, and so
does ``ssl = no`` one with TLS from the first byte (``service_create_inet_listeners``, src/master/service.c).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.access.addresses import EVERYWHERE, LOOPBACK, PRIVATE, AddressSet, parsed_address
from auditor.access.rows import Listener
from auditor.dovecot.configuration import GLOBAL, Scope
from auditor.model.listeners import LOGIN_SERVICES
from auditor.model.vocabulary import is_true

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.dovecot.configuration import Section
    from auditor.model.dovecot import Dovecot
    from auditor.text import Origin

PROTOCOL_OF: Final = {service: protocol for protocol, service in LOGIN_SERVICES.items()}


class InetListener(NamedTuple):
    """A TCP port of a service; ``name`` is that of its block, ``kind`` what is spoken there (2.4's ``type``)."""

    service: str
    name: str
    kind: str
    listener: Listener

    @property
    def protocol(self) -> str:
        """The protocol that clients log in by; empty for services without logins."""
        return PROTOCOL_OF.get(self.service, "")


class UnixListener(NamedTuple):
    """A UNIX socket of a service: its absolute path, and who may connect by its own mode."""

    service: str
    name: str
    kind: str
    path: str
    mode: int
    user: str
    group: str
    origin: Origin
    is_default: bool

    @property
    def open_to_others(self) -> bool:
        """Whether every user of the host may connect, if the folders on its path let them through."""
        return bool(self.mode & 0o002)


def inet_listeners(dovecot: Dovecot) -> Iterator[InetListener]:
    """Yield the ports on which services listen that run."""
    ssl = dovecot.get("ssl")
    without_tls = ssl is not None and ssl.value.lower() == "no"
    for service, block in _listening(dovecot, "inet_listener"):
        port = _value(dovecot, block, "inet_listener_port")
        wrapped = is_true(_value(dovecot, block, "inet_listener_ssl"))
        if not port.isdigit() or port == "0" or (wrapped and without_tls):
            continue
        listener = Listener(
            product="dovecot",
            service=PROTOCOL_OF.get(service, service),
            port=int(port),
            addresses=tuple(_addresses(dovecot, block)),
            origin=block.origin,
            wrapped=wrapped,
            proxied=is_true(_value(dovecot, block, "inet_listener_haproxy")),
        )
        kind = _value(dovecot, block, "inet_listener_type") if dovecot.dialect == "2.4" else _suffix(block.name)
        yield InetListener(service, block.name, kind, listener)


def unix_listeners(dovecot: Dovecot) -> Iterator[UnixListener]:
    """Yield the UNIX sockets of services that run."""
    base = dovecot.get("base_dir")
    for service, block in _listening(dovecot, "unix_listener"):
        setting = block.get(dovecot.spelled("unix_listener_mode"))
        mode = _mode(setting.value if setting else "")
        if not mode:
            continue
        path = posixpath.join(base.value if base else "/run/dovecot", block.name)
        kind = _value(dovecot, block, "unix_listener_type") if dovecot.dialect == "2.4" else _suffix(block.name)
        yield UnixListener(
            service,
            block.name,
            kind,
            path,
            mode,
            _value(dovecot, block, "unix_listener_user"),
            _value(dovecot, block, "unix_listener_group"),
            setting.origin if setting is not None and setting.origin.span else block.origin,
            block.origin.span is None,
        )


def reachable_from(listener: Listener) -> AddressSet:
    """Return the addresses that get to a listener by those that it is bound to."""
    reach = AddressSet()
    for name in listener.addresses:
        address = parsed_address("127.0.0.1" if name == "localhost" else name)
        if address is None or address.is_unspecified:
            return EVERYWHERE
        if address in LOOPBACK:
            reach |= LOOPBACK
        elif address in PRIVATE:
            reach |= LOOPBACK | PRIVATE
        else:
            return EVERYWHERE
    return reach


def networks(dovecot: Dovecot, name: str, scope: Scope = GLOBAL) -> AddressSet:
    """Return the addresses of a list of networks such as ``login_trusted_networks``.

    A word that is no network ends the list (``client_is_trusted``, src/login-common/client-common.c).
    """
    found = AddressSet()
    for element in dovecot.elements(name, scope):
        for word in filter(None, element.name.split(",")):
            try:
                found |= AddressSet.of([word])
            except ValueError:
                return found
    return found


def _listening(dovecot: Dovecot, kind: str) -> Iterator[tuple[str, Section]]:
    running = {element.name.lower() for element in dovecot.elements("protocols")}
    for service in dovecot.configuration.sections("service"):
        protocol = service.get(dovecot.spelled("service_protocol"))
        if protocol is None or not protocol.value or protocol.value in running:
            yield from ((service.name, listener) for listener in service.sections(kind))


def _addresses(dovecot: Dovecot, listener: Section) -> Iterator[str]:
    """Yield a listener's own addresses, or those of ``listen``, which 2.4 has stand in of itself."""
    if dovecot.dialect == "2.4":
        words = [item.name for item in listener.items("listen")]
    else:
        own, everywhere = listener.get("address"), dovecot.get("listen")
        words = [setting.value for setting in (own, everywhere) if setting and setting.value][:1]
    for word in words:
        yield from filter(None, word.replace(",", " ").split())


def _value(dovecot: Dovecot, listener: Section, name: str) -> str:
    setting = listener.get(dovecot.spelled(name))
    return setting.value if setting else ""


def _suffix(name: str) -> str:
    """Return the end of a listener's name, which is its kind in 2.3 (``auth_socket_type_get``, src/auth/main.c)."""
    return posixpath.basename(name).rpartition("-")[2]


def _mode(text: str) -> int:
    """Return a mode, which is written in octal digits; 0 for what is none."""
    try:
        return int(text, 8)
    except ValueError:
        return 0
