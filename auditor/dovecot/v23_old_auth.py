"""``auth { … }``, which was a section in Dovecot 1.x and is still understood.

Follows ``old_auth_section`` and ``socket_apply`` in src/config/old-set-parser.c (2.3.19.1).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from auditor.dovecot.v23_blocks import Block, Value, escaped_name
from auditor.finding import ProblemKind
from auditor.syntax.dovecot import Kind

if TYPE_CHECKING:
    from auditor.dovecot.includes import Read
    from auditor.dovecot.v23_parse import Interpreter


@dataclass(slots=True)
class State:
    """``struct old_set_parser``: how deep in ``auth {`` and in its ``socket listen {`` the reading is."""

    auth_depth: int = 0
    listen_depth: int = 0
    is_master: bool = False
    socket: dict[str, str] = field(default_factory=dict)
    base_dir: str = "/run/dovecot"


def handle_opening(interpreter: Interpreter, read: Read) -> bool:
    """Open an old section; False when it is none."""
    state, here = interpreter.obsolete, interpreter.here
    key, name = read.statement.key, read.statement.name
    if state.auth_depth:
        return _open_in_auth(interpreter, read, key, name)
    if here.prefix:
        return False
    if key == "auth":
        state.auth_depth = 1
    elif (key, name) == ("protocol", "managesieve"):
        interpreter.open(read, "protocol", "sieve")
    elif (key, name) == ("service", "dns_client") and "dns-client" in interpreter.table.services:
        interpreter.open(read, "service", "dns-client")
    else:
        return False
    return True


def _open_in_auth(interpreter: Interpreter, read: Read, key: str, name: str) -> bool:
    """``old_auth_section``."""
    state = interpreter.obsolete
    state.socket.clear()
    state.auth_depth += 1
    if key in ("passdb", "userdb") and state.auth_depth == 2:
        interpreter.open(read, key, "")
        interpreter.set(read, interpreter.here, "driver", Kind.SETTING, name)
        return True
    if key == "socket" and state.auth_depth == 2:
        if name != "listen":
            return False
        state.listen_depth += 1
        return True
    if state.listen_depth:
        state.listen_depth += 1
    if key in ("master", "client") and state.listen_depth == 2:
        state.is_master = key == "master"
        return True
    return False


def handle_closing(interpreter: Interpreter, read: Read) -> bool:
    """Close an old section; False when the one that closes is none."""
    state = interpreter.obsolete
    if state.auth_depth:
        state.auth_depth -= 1
        if state.auth_depth == 0:
            return True
    if state.listen_depth:
        if state.listen_depth == 2:
            _apply_socket(interpreter, read)
        state.listen_depth -= 1
        return True
    return False


def _apply_socket(interpreter: Interpreter, read: Read) -> None:
    """``socket_apply``: a socket of the old auth section becomes a listener of the service."""
    state = interpreter.obsolete
    path = state.socket.pop("path", None)
    error = ""
    if path is None:
        interpreter.refuse(read, ProblemKind.SYNTAX_ERROR, "socket listen {} is missing path")
        return
    path = path.removeprefix(state.base_dir + "/")
    is_master_path = path.endswith(("-master", "-userdb"))
    if state.is_master and not is_master_path:
        error = "socket listen { master { path=.. } } must end with -master (or -userdb) suffix"
    elif not state.is_master and is_master_path:
        error = "socket listen { client { path=.. } } must end not with -master or -userdb suffix"
    if error:
        interpreter.refuse(read, ProblemKind.SYNTAX_ERROR, error)
        return
    layer = interpreter.here.layer
    found = layer.find("service/auth/unix_listener")
    if found is None or found[1] is None or not isinstance(found[0], Block):
        return
    place = layer.add_section("service/auth/unix_listener", escaped_name(path), found[0], found[1])
    if isinstance(place, Block):
        place.name = path
        place.values["path"] = Value(path, path, read.origin)
        if place.span is None:
            place.span, place.origin = read.statement.span, read.origin
    for key, value in state.socket.items():
        interpreter.set(
            read, interpreter.stack[0], f"service/auth/unix_listener/{escaped_name(path)}/{key}", Kind.SETTING, value
        )
    state.socket.clear()
