"""The checks of the master process (``master_settings_verify``, src/master/master-settings.c of 2.3.19.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.dovecot.v23_blocks import Block
    from auditor.dovecot.v23_view import View
    from auditor.finding import Problem

_TYPES: Final = ("", "log", "config", "anvil", "login", "startup", "worker")
_ONE_PROCESS: Final = frozenset(("anvil", "auth", "director", "indexer", "ipc", "log", "old-stats", "replicator"))
"""Built-in services with ``process_limit_1``."""
_SMALLEST: Final = 1024 * 1024
"""Bytes of ``vsz_limit``."""


def check_services(view: View) -> Iterator[Problem]:
    """Yield what is wrong with services, listeners and the settings around them."""
    if not view.text("listen"):
        yield view.problem("listen can't be set empty", None, "listen")
    for kind in ("uid", "gid"):
        last = view.number(f"last_valid_{kind}")
        if last and view.number(f"first_valid_{kind}") > last:
            message = f"first_valid_{kind} can't be larger than last_valid_{kind}"
            yield view.problem(message, None, f"first_valid_{kind}", f"last_valid_{kind}")
    services = view.root.blocks.get("service", [])
    enabled = [name for name in view.text("protocols").split(" ") if name]
    enabled = [] if enabled == ["none"] else enabled
    yield from _check_names(view, services, enabled)
    listeners: dict[str, Block] = {}
    for service in services:
        protocol = view.text("protocol", service)
        if protocol and protocol not in enabled:
            continue
        yield from _check_service(view, service)
        yield from _check_listeners(view, service, listeners)


def _check_names(view: View, services: list[Block], enabled: list[str]) -> Iterator[Problem]:
    for index, service in enumerate(services):
        if not service.name:
            yield view.problem(f"Service #{index} is missing name", service)
        elif (kind := view.text("type", service)) not in _TYPES:
            yield view.problem(f"Unknown service type: {kind}", service, "type")
    known = {view.text("protocol", service) for service in services}
    for name in enabled:
        if name not in known:
            yield view.problem(f"protocols: Unknown protocol: {name}", None, "protocols")


def _check_service(view: View, service: Block) -> Iterator[Problem]:
    name = service.name
    if view.text("drop_priv_before_exec", service) == "yes" and view.text("chroot", service):
        message = f"service({name}): drop_priv_before_exec=yes can't be used with chroot"
        yield view.problem(message, service, "drop_priv_before_exec")
    limit = view.number("process_limit", service) or view.number("default_process_limit")
    if view.number("process_min_avail", service) > limit:
        message = f"service({name}): process_min_avail is higher than process_limit"
        yield view.problem(message, service, "process_min_avail", "process_limit")
    if 0 < view.bytes("vsz_limit", service) < _SMALLEST:
        yield view.problem(f"service({name}): vsz_limit is too low", service, "vsz_limit")
    if name in _ONE_PROCESS and limit > 1:
        yield view.problem(f"service({name}): process_limit must be 1", service, "process_limit")


def _check_listeners(view: View, service: Block, known: dict[str, Block]) -> Iterator[Problem]:
    base = view.text("base_dir").removesuffix("/")
    for kind in ("unix_listener", "fifo_listener", "inet_listener"):
        for listener in service.blocks.get(kind, []):
            if kind == "inet_listener":
                port = view.number("port", listener)
                address = f"{port}:{view.text('address', listener)}" if port else ""
            elif not listener.name:
                yield view.problem(f"service({service.name}): {kind}: path must not be empty", listener)
                continue
            else:
                path = listener.name if listener.name.startswith("/") else f"{base}/{listener.name}"
                address = path if view.text("mode", listener).strip("0") else ""
            if address and address in known:
                place = listener if listener.span else known[address]
                yield view.problem(f"duplicate listener: {address}", place)
            known[address] = listener
