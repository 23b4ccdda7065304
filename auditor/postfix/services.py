"""The services of master.cf: which are in effect, and where they listen."""

from __future__ import annotations

import ipaddress
import posixpath
import re
from typing import TYPE_CHECKING, Final

from auditor.postfix.configuration import Option, Service
from auditor.postfix.defaults import read_only_parameters
from auditor.postfix.secrets import is_secret
from auditor.syntax.postfix import MASTER_BLANKS
from auditor.syntax.postfix_lines import LIST_SEPARATORS, words
from auditor.text import HIDDEN, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from auditor.syntax.postfix import ServiceLine

_PORTS: Final = {
    "smtp": 25,
    "mail": 25,
    "lmtp": 24,
    "smtps": 465,
    "submissions": 465,
    "ssmtp": 465,
    "urd": 465,
    "submission": 587,
    "qmtp": 209,
    "qmqp": 628,
}
"""``known_tcp_ports`` of postconf(5) and what services(5) of Debian and IANA name beside."""
_ENDPOINT: Final = re.compile(r"(?:\[(?P<bracketed>[^\[\]]*)\]|(?P<host>.*?)):(?P<port>[^:\]]*)")


def services_of(lines: Iterable[ServiceLine], disabled: str, version: tuple[int, ...]) -> list[Service]:
    """Return the services, those switched off that ``master_service_disable`` names or that a later line replaces."""
    lines = list(lines)
    read_only = read_only_parameters(version)
    patterns = [word.text for word in words(disabled, LIST_SEPARATORS)]
    last: dict[tuple[str, str, str], int] = {}
    enabled = [not is_disabled(f"{line.fields[0].value}/{line.fields[1].value}", patterns) for line in lines]
    for at, line in enumerate(lines):
        if enabled[at]:
            last[endpoint(*(field.value for field in line.fields[:3]))] = at
    in_effect = set(last.values())
    return [_service(line, read_only, enabled=at in in_effect) for at, line in enumerate(lines)]


def is_disabled(name_and_type: str, patterns: Sequence[str]) -> bool:
    """Whether ``master_service_disable`` names a service (``match_service_match``, ``src/global/match_service.c``).

    Patterns are ``name/type`` or a type; ``name.type`` is the old spelling; the first that matches decides.
    """
    service_type = name_and_type.rpartition("/")[2]
    for pattern in patterns:
        plain = pattern.lstrip("!")
        if "/" not in plain and "." in plain:
            plain = "/".join(plain.rsplit(".", 1))
        if plain.lower() == (name_and_type if "/" in plain else service_type).lower():
            return (len(pattern) - len(pattern.lstrip("!"))) % 2 == 0
    return False


def endpoint(name: str, service_type: str, private: str) -> tuple[str, str, str]:
    """Return what tells two services apart for the master: type, address or folder, and port or socket.

    Source: ``get_master_ent`` of ``src/master/master_ent.c``.
    """
    if service_type != "inet":
        return service_type, "public" if private == "n" else "private", name
    address, port = _address_and_port(name)
    try:
        address = str(ipaddress.ip_address(address)) if address else ""
    except ValueError:
        address = address.lower()
    return service_type, address, str(_PORTS.get(port, port.lstrip("0")))


def smtpd_port(service: Service) -> int | None:
    """Return the TCP port that an inet service listens on; None where its name is none that is known."""
    if service.type != "inet":
        return None
    port = _address_and_port(service.service)[1]
    if port.isascii() and port.isdigit() and len(port) < 8:
        return int(port)
    return _PORTS.get(port)


def smtpd_address(service: Service) -> str:
    """Return the address or host name that an inet service listens on, without brackets; empty for all interfaces."""
    return _address_and_port(service.service)[0] if service.type == "inet" else ""


def _address_and_port(name: str) -> tuple[str, str]:
    """Split ``[address]:port``, ``host:port`` or ``port`` (``host_port``, ``src/util/host_port.c``)."""
    match = _ENDPOINT.fullmatch(name)
    return (match["bracketed"] or match["host"] or "", match["port"]) if match else ("", name)


def _service(line: ServiceLine, read_only: frozenset[str], *, enabled: bool) -> Service:
    options = {
        setting.name.value: Option(
            setting.name.value,
            setting.value.value,
            Origin(setting.span),
            is_secret(setting.name.value, setting.value.value),
            setting,
        )
        for setting in line.settings
        if setting.name.value not in read_only
    }
    name, service_type, private, unpriv, chroot, wakeup, maxproc, program = (field.value for field in line.fields)
    return Service(
        service=name,
        type=service_type,
        private=private,
        unpriv=unpriv,
        chroot=chroot,
        wakeup=wakeup,
        maxproc=maxproc,
        command=_command(line, options),
        program=posixpath.basename(program),
        options=options,
        span=line.span,
        origin=Origin(line.span),
        arguments=tuple(argument.value for argument in line.arguments[line.first_argument :]),
        enabled=enabled,
    )


def _command(line: ServiceLine, options: Mapping[str, Option]) -> str:
    """Write a command as ``postconf -M`` does (``pcf_print_master_entry``): braces around what has white space.

    The first argument behind the options never gets any.
    """
    arguments = [argument.value for argument in line.arguments]
    first = _first_argument(arguments)
    printed = [line.fields[7].value]
    takes_value = False
    for at, text in enumerate(arguments):
        shown = text
        if takes_value:
            name, equals, value = text.partition("=")
            hides = is_secret(name, value) or (name in options and options[name].secret)
            shown = f"{name}={HIDDEN}" if equals and hides else text
        braces = any(character in MASTER_BLANKS for character in shown) and (takes_value or at > first)
        printed.append(f"{{{shown}}}" if braces else shown)
        takes_value = at < first and not takes_value and text in _WITH_VALUE
    return " ".join(printed)


_WITH_VALUE: Final = ("-o", "-")
"""Options that postconf takes the next word for the value of: strchr(3) finds the end of a lone ``-`` in any text.

What postconf 3.11 prints behind a lone ``-`` may be the memory behind it.
"""


def _first_argument(arguments: Sequence[str]) -> int:
    """Return where the options end for postconf; the daemon's end at a lone ``-``."""
    at = 0
    while at < len(arguments) and arguments[at].startswith("-") and arguments[at] != "--":
        at += 2 if arguments[at] in _WITH_VALUE else 1
    return at
