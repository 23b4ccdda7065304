"""Names that Dovecot 2.3 still takes and turns into others.

Follows src/config/old-set-parser.c (2.3.19.1; 2.2.36.4 knows the same except for ``ssl_protocols`` and what else it
still has itself). The daemon warns about each; none is an error.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v23_filters import Filter
from auditor.syntax.dovecot import Kind

if TYPE_CHECKING:
    from auditor.dovecot.includes import Read
    from auditor.dovecot.v23_parse import Interpreter, Open

_REMOVED: Final = frozenset(
    (
        *("login_dir", "dbox_rotate_min_size", "dbox_rotate_days", "director_consistent_hashing"),
        *("mail_log_max_lines_per_sec", "maildir_copy_preserve_filename"),
        *("ssl_parameters_regenerate", "ssl_dh_parameters_length"),
    )
)
_LOGIN: Final = {
    "login_chroot": "chroot",
    "login_user": "user",
    "login_executable": "executable",
    "login_process_size": "vsz_limit",
    "login_process_per_connection": "service_count",
    "login_processes_count": "process_min_avail",
    "login_max_processes_count": "process_limit",
    "login_max_connections": "client_limit",
}
_MAIL: Final = {
    "max_mail_processes": "process_limit",
    "mail_executable": "executable",
    "mail_process_size": "vsz_limit",
    "mail_drop_priv_before_exec": "drop_priv_before_exec",
}
_AUTH: Final = {
    "auth_executable": "executable",
    "auth_process_size": "vsz_limit",
    "auth_user": "user",
    "auth_chroot": "chroot",
}
_SSL_VERSIONS: Final = ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2")
_DROPPED_WORKAROUNDS: Final = ("outlook-idle", "netscape-eoh")


def handle_setting(interpreter: Interpreter, read: Read) -> bool:
    """Apply an old setting; False when it is none."""
    here = interpreter.here
    key, value = read.statement.key, read.statement.value
    if here.prefix:
        if here.prefix == "plugin/0/" and key == "imap_zlib_compress_level":
            _set(interpreter, read, here, "imap_compress_deflate_level", value)
            return True
        return False
    return _per_protocol(interpreter, read, key, value) or _top_level(interpreter, read, key, value)


def _set(interpreter: Interpreter, read: Read, here: Open, key: str, value: str, kind: Kind = Kind.SETTING) -> None:
    interpreter.set(read, here, key, kind, value)


def _set_quietly(interpreter: Interpreter, read: Read, path: str, value: str) -> None:
    """Set a path in the global settings; one that does not exist does not matter."""
    if interpreter.layers[0].find(path):
        interpreter.set(read, interpreter.stack[0], path, Kind.SETTING, value)


def _for_protocols(interpreter: Interpreter, read: Read, paths: dict[str, str], value: str) -> None:
    """Set a path for each protocol that the filter around the setting matches."""
    around = interpreter.here.layer.filter
    for protocol, path in paths.items():
        if around.matches(Filter(protocol=protocol)):
            _set_quietly(interpreter, read, path, value)


def _per_protocol(interpreter: Interpreter, read: Read, key: str, value: str) -> bool:
    """``old_settings_handle_proto``."""
    state = interpreter.obsolete
    if key == "ssl_listen" or (key == "listen" and (_has_port(value) or interpreter.here.layer.filter != Filter())):
        _listen(interpreter, read, key, value)
        return True
    if key in _LOGIN:
        value = {
            "login_chroot": "" if value == "no" else "login",
            "login_process_size": f"{value} M",
            "login_process_per_connection": "0" if value == "no" else "1",
        }.get(key, value)
        services = {"imap": "imap-login", "pop3": "pop3-login", "sieve": "managesieve-login"}
        paths = {protocol: f"service/{service}/{_LOGIN[key]}" for protocol, service in services.items()}
        _for_protocols(interpreter, read, paths, value)
        return True
    if key in _MAIL:
        value = f"{value} M" if key == "mail_process_size" else value
        services = {"imap": "imap", "pop3": "pop3", "sieve": "managesieve"}
        paths = {protocol: f"service/{service}/{_MAIL[key]}" for protocol, service in services.items()}
        _for_protocols(interpreter, read, paths, value)
        return True
    full = key if state.auth_depth != 1 or key.startswith("auth_") else f"auth_{key}"
    if full in _AUTH:
        value = f"{value} M" if full == "auth_process_size" else value
        _set_quietly(interpreter, read, f"service/auth/{_AUTH[full]}", value)
        return True
    if full == "auth_cache_size" and re.fullmatch(r"[0-9]{1,4}", value) and 0 < int(value) < 1024:
        _set(interpreter, read, interpreter.stack[0], full, f"{value}M")
        return True
    if full == "auth_count":
        return True
    if state.listen_depth == 2 and key in ("path", "mode", "user", "group"):
        state.socket[key] = value
        return True
    return False


def _has_port(value: str) -> bool:
    """``listen_has_port``: whether something in a list of addresses is more than an address."""
    words = [word for word in re.split("[, ]+", value) if word]
    return ":" in value and not all(word in ("*", "::", "[::]") or _is_address(word) for word in words)


def _is_address(word: str) -> bool:
    """``is_ipv4_address`` and ``is_ipv6_address`` (src/lib/net.c), which look at the characters only."""
    return re.fullmatch(r"[0-9.]+|[0-9a-fA-F:]+|\[[0-9a-fA-F:]+\]?", word) is not None


def _listen(interpreter: Interpreter, read: Read, key: str, value: str) -> None:
    """Apply ``listen`` and ``ssl_listen`` of Dovecot 1.x, which had a port and stood in ``protocol``."""
    if not value:
        return
    suffix = "s" if key == "ssl_listen" else ""
    names = {"imap": f"imap-login/inet_listener/imap{suffix}", "pop3": f"pop3-login/inet_listener/pop3{suffix}"}
    if not suffix:
        names["sieve"] = "managesieve-login/inet_listener/managesieve"
    if _has_port(value):
        value, _, port = value.rpartition(":")
        _for_protocols(interpreter, read, {protocol: f"service/{name}/port" for protocol, name in names.items()}, port)
    if interpreter.here.layer.filter == Filter() and not suffix:
        _set(interpreter, read, interpreter.stack[0], key, value)
    else:
        _for_protocols(
            interpreter, read, {protocol: f"service/{name}/address" for protocol, name in names.items()}, value
        )


def _top_level(interpreter: Interpreter, read: Read, key: str, value: str) -> bool:
    """``old_settings_handle_root``."""
    here = interpreter.here
    if key == "base_dir":
        interpreter.obsolete.base_dir = value.removesuffix("/")
        return False
    if key == "protocols":
        _protocols(interpreter, read, value)
    elif key in ("ssl_cert_file", "ssl_key_file", "ssl_ca_file"):
        if value:
            _set(interpreter, read, here, key.removesuffix("_file"), value, Kind.FILE)
    elif new := _renamed(key, value):
        _set(interpreter, read, here, *new)
    elif _is_changed_since_2_2(interpreter, read, key, value) or (key in _REMOVED and key not in interpreter.table.top):
        return True
    elif interpreter.obsolete.auth_depth == 1:
        _set(interpreter, read, here, key if key.startswith("auth_") else f"auth_{key}", value)
    else:
        return False
    return True


def _renamed(key: str, value: str) -> tuple[str, str] | None:
    """Return name and value of today for a setting whose name or values changed before 2.2."""
    if key == "ssl_disable":
        return "ssl", {"yes": "no", "no": "yes"}.get(value.lower(), value)
    if key == "fsync_disable":
        return "mail_fsync", {"yes": "never", "no": "optimized"}.get(value.lower(), value)
    if key in ("sieve", "sieve_storage"):
        return f"plugin/{key}", value
    if key == "dbox_rotate_size":
        return "mdbox_rotate_size", value
    if key == "imap_client_workarounds":
        words = ["" if word in _DROPPED_WORKAROUNDS else word for word in re.split("[ ,]+", value.strip(" ,"))]
        return key, " ".join(words)
    return None


def _is_changed_since_2_2(interpreter: Interpreter, read: Read, key: str, value: str) -> bool:
    """Apply a setting that 2.2 knows and 2.3 turns into another; False when it is none or the version is 2.2."""
    if "ssl_protocols" in interpreter.table.top:
        return False
    if key == "ssl_protocols":
        oldest = oldest_ssl_version(value)
        if oldest:
            _set(interpreter, read, interpreter.here, "ssl_min_protocol", oldest)
        return True
    if key.startswith("mail_cache_compress_") and key not in interpreter.table.top:
        _set(interpreter, read, interpreter.here, key.replace("compress", "purge", 1), value)
        return True
    return False


def oldest_ssl_version(protocols: str) -> str | None:
    """Return the least version that a list allows, None when 2.3 finds none (``ssl_protocols_to_min_protocol``)."""
    chosen: dict[str, bool] = {}
    for word in re.split("[, ]+", protocols.strip(", ")):
        name = word.removeprefix("!")
        if not word:
            continue
        if name not in _SSL_VERSIONS:
            return None
        chosen[name] = not word.startswith("!")
    only = any(chosen.values())
    allowed = [name for name in _SSL_VERSIONS if chosen.get(name, not only)]
    return allowed[0] if allowed else None


def _protocols(interpreter: Interpreter, read: Read, value: str) -> None:
    """Apply ``protocols`` without the ``imaps`` and ``pop3s`` of Dovecot 1.x."""
    words = value.split(" ")
    names = ["sieve" if word == "managesieve" else word for word in words if word not in ("", "imaps", "pop3s")]
    for name in ("imap", "pop3"):
        if f"{name}s" in words and name not in words:
            names.append(name)
            _set_quietly(interpreter, read, f"service/{name}-login/inet_listener/{name}/port", "0")
    _set(interpreter, read, interpreter.here, "protocols", " ".join(names))
