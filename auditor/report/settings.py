"""``mailaudit settings``: effective values with their origins, as ``doveconf -n`` and ``postconf`` print them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from auditor.dovecot.configuration import Scope
from auditor.postfix.shown import parameters_shown
from auditor.report.lines import Line, line
from auditor.text import HIDDEN, names_secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.dovecot.configuration import Configuration as DovecotConfiguration
    from auditor.dovecot.configuration import Setting
    from auditor.postfix.configuration import Configuration as PostfixConfiguration
    from auditor.postfix.configuration import Service
    from auditor.read import Instances

FILTERS: Final = ("protocol", "local", "remote", "local_name")
"""Names that ``--filter`` knows, as doveconf's ``-f`` does."""
_NOT_SHOWN: Final = "# hidden, use -P to show it"
"""What doveconf prints for a secret; here there is no way to show it."""
_NUMBERED: Final = re.compile(r"^(passdb|userdb|namespace)( .*)?#\d+$")


def scope_of(filters: Sequence[tuple[str, str]]) -> Scope | None:
    """Return the scope that ``--filter`` describes; None without a filter."""
    return Scope(**dict(filters)) if filters else None


def as_data(hosts: Sequence[Instances], scope: Scope | None, *, defaults: bool) -> dict[str, Any]:
    """Return the settings of every instance for the JSON output."""
    return {
        "dovecot": [_dovecot_data(one, scope, defaults=defaults) for host in hosts for one in host.dovecot],
        "postfix": [_postfix_data(one, defaults=defaults) for host in hosts for one in host.postfix],
    }


def _dovecot_data(dovecot: DovecotConfiguration, scope: Scope | None, *, defaults: bool) -> dict[str, Any]:
    settings = dovecot.settings(scope, defaults=defaults)
    return {
        "main_file": dovecot.main_file.path,
        "version": dovecot.version,
        "settings": {name: {"value": _shown(one), "origin": str(one.origin)} for name, one in settings.items()},
    }


def _postfix_data(postfix: PostfixConfiguration, *, defaults: bool) -> dict[str, Any]:
    shown = parameters_shown(postfix, defaults=defaults)
    return {
        "config_directory": postfix.path,
        "version": postfix.version,
        "parameters": {
            name: {
                "value": HIDDEN if one.secret else one.value,
                "expanded": HIDDEN if one.secret else one.expanded,
                "origin": str(one.origin),
            }
            for name, one in shown.items()
        },
        "services": [_service_data(service) for service in postfix.services],
    }


def _service_data(service: Service) -> dict[str, Any]:
    return {
        "service": service.service,
        "type": service.type,
        "private": service.private,
        "unpriv": service.unpriv,
        "chroot": service.chroot,
        "wakeup": service.wakeup,
        "maxproc": service.maxproc,
        "command": service.command,
        "options": {name: HIDDEN if one.secret else one.value for name, one in service.options.items()},
        "origin": str(service.origin),
    }


def as_text(hosts: Sequence[Instances], scope: Scope | None, *, defaults: bool) -> Iterator[Line]:
    """Yield the settings of every instance for people, each value followed by where it comes from."""
    for host in hosts:
        for dovecot in host.dovecot:
            yield line((f"# {dovecot.version} ({dovecot.version_from}): {dovecot.main_file.path}", "strong"))
            yield from _dovecot_text(list(dovecot.settings(scope, defaults=defaults).values()))
            yield ()
        for postfix in host.postfix:
            yield line((f"# Postfix {postfix.version} ({postfix.version_from}): {postfix.path}", "strong"))
            for name, one in parameters_shown(postfix, defaults=defaults).items():
                yield _with_origin(f"{name} = {HIDDEN if one.secret else one.value}", str(one.origin))
            yield ()
            for service in postfix.services:
                yield _with_origin(_service_text(service), str(service.origin))
            yield ()


def _with_origin(text: str, origin: str) -> Line:
    return line(text, (f"  # {origin}", "faint"))


def _service_text(service: Service) -> str:
    fields = (service.service, service.type, service.private, service.unpriv, service.chroot, service.wakeup)
    return " ".join(f"{field:<9}" for field in (*fields, service.maxproc)) + f" {service.command}"


def _shown(setting: Setting) -> str:
    """Return a value, unless it is marked as a secret or its own name says that it is one."""
    secret = setting.secret or names_secret(setting.name.rpartition("/")[2].strip('"'))
    return _NOT_SHOWN if secret and setting.value.lower() not in ("", "yes", "no") else setting.value


def _dovecot_text(settings: Sequence[Setting]) -> Iterator[Line]:
    """Write the joined names as nested blocks again; every block stands as its own entry before what is in it."""
    open_blocks: list[str] = []
    for setting in settings:
        while open_blocks and not setting.name.startswith(open_blocks[-1]):
            open_blocks.pop()
            yield line("  " * len(open_blocks) + "}")
        indent = "  " * len(open_blocks)
        name = setting.name[len(open_blocks[-1]) if open_blocks else 0 :]
        if name.endswith("/") and setting.value == "{}":
            yield _with_origin(f"{indent}{_block(name[:-1])} {{", str(setting.origin))
            open_blocks.append(setting.name)
        else:
            yield _with_origin(f"{indent}{name} = {_quoted(_shown(setting))}", str(setting.origin))
    while open_blocks:
        open_blocks.pop()
        yield line("  " * len(open_blocks) + "}")


def _block(label: str) -> str:
    numbered = _NUMBERED.match(label)
    return label[: label.rindex("#")] if numbered else label


def _quoted(value: str) -> str:
    """Quote as doveconf does: a value that begins or ends with a blank."""
    return f'"{value}"' if value != value.strip() else value
