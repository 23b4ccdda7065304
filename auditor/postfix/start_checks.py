"""What every Postfix program checks when it starts, besides the types of its parameters.

Source: ``mail_params_init`` of ``src/global/mail_params.c``. Not checked is what depends on the host: users and groups
(``default_privs``, ``mail_owner``, ``setgid_group``) and the addresses of ``inet_interfaces``.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from auditor.syntax.postfix_lines import braced, name_value, words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from auditor.postfix.configuration import Scope

_FACILITIES: Final = frozenset(
    (
        *("auth", "authpriv", "cron", "daemon", "ftp", "kern", "lpr", "mail", "news", "security", "syslog", "user"),
        *("uucp", *(f"local{number}" for number in range(8))),
    )
)
"""``facility_list``, ``src/util/msg_syslog.c``."""
_READ_FIRST: Final = (
    "mail_version",
    "maillog_file_compressor",
    "maillog_file_prefixes",
    "maillog_file_rotate_suffix",
    "postlog_service_name",
)
"""``first_str_defaults`` that must not be empty; the facility has a check of its own."""
_PROTOCOLS: Final = frozenset({"all", "ipv4", "ipv6"})
_STYLES: Final = frozenset({"class", "subnet", "host"})
_WORD_SEPARATORS: Final = re.compile(r"[, \t\r\n]+")
"""``NAME_MASK_DEFAULT_DELIM``, ``src/util/name_mask.h``."""
_LABEL: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_LONGEST_NAME: Final = 255


def start_refusal(name: str, scope: Scope) -> str | None:
    """Return what a program says when it ends on a parameter, or None when it takes it; its value can be expanded."""
    check = START_CHECKS.get(name)
    return check(scope.get(name).effective, scope) if check else None


def is_hostname(text: str) -> bool:
    """``valid_hostname``, ``src/util/valid_hostname.c``: labels of letters, digits, ``_`` and ``-``; not all digits."""
    labels = text.split(".")
    plain = all(_LABEL.fullmatch(label) for label in labels)
    return plain and len(text) <= _LONGEST_NAME and not re.fullmatch(r"[0-9.]*", text)


def _facility(value: str, scope: Scope) -> str | None:
    return None if value in _FACILITIES else f"parameter syslog_facility: unrecognized value: {value}"


def _unknown_word(value: str, known: frozenset[str]) -> str:
    return next((word for word in _WORD_SEPARATORS.split(value) if word and word not in known), "")


def _protocols(value: str, scope: Scope) -> str | None:
    word = _unknown_word(value, _PROTOCOLS)
    return f'unknown inet_protocols value "{word}" in "{value}"' if word else None


def _networks_style(value: str, scope: Scope) -> str | None:
    """``mynetworks_core``, ``src/global/mynetworks.c``: looked at where nothing sets ``mynetworks``."""
    if scope.assignment("mynetworks") or not _WORD_SEPARATORS.sub("", scope.get("inet_protocols").effective):
        return None
    if word := _unknown_word(value, _STYLES):
        return f'unknown mynetworks mask style value "{word}" in "{value}"'
    if len(_STYLES.intersection(_WORD_SEPARATORS.split(value))) != 1:
        return f"bad mynetworks_style value: {value}; specify exactly one value"
    return None


def _hostname(value: str, scope: Scope) -> str | None:
    first = scope.first_value("myhostname")
    if not first:
        return "bad string length 0 < 1: myhostname = "
    if not is_hostname(first):
        return f"parameter myhostname: bad parameter value: {first}"
    domain = first.partition(".")[2]
    if domain and not scope.assignment("mydomain") and not is_hostname(domain):
        return f"parameter mydomain: bad parameter value: {domain}"
    return None


def _domain(value: str, scope: Scope) -> str | None:
    return None if is_hostname(value) else f"parameter mydomain: bad parameter value: {value}"


def _destination(value: str, scope: Scope) -> str | None:
    """Look at a ``$$`` that ``relay_domains`` takes over: it keeps a lone ``$``, which ends whoever refers to that."""
    takes_over = not scope.assignment("relay_domains") and scope.get("relay_domains").effective == value
    if not takes_over or scope.assignment("fast_flush_domains") or scope.is_expandable(value):
        return None
    return "macro processing error: fast_flush_domains expands what mydestination comes to"


def _first(name: str, value: str, scope: Scope) -> str | None:
    """Look at what is read before the name and the domain of the host have a default."""
    return None if scope.first_value(name) else f"bad string length 0 < 1: {name} = "


def _relayhost(value: str, scope: Scope) -> str | None:
    if not value or value.lower() != scope.get("myhostname").effective.lower():
        return None
    return f"myhostname and relayhost parameter settings must not be identical: {value}"


def _origin(value: str, scope: Scope) -> str | None:
    several = re.search(r"[, \t\r\n]", value)
    return f"myorigin parameter setting must not contain multiple values: {value}" if several else None


def _environment(value: str, scope: Scope) -> str | None:
    """``update_env``, ``src/util/clean_env.c``: what holds an equals sign is set, under the name before it."""
    for word in words(value):
        inside = braced(word) if word.text.startswith("{") else None
        if inside and inside.error:
            return f"import_environment: {inside.error}"
        text = inside.text if inside else word.text
        error = name_value(text).error if "=" in text else None
        if error:
            return f"update_env: {error} in: {text}"
    return None


def _log_file(value: str, scope: Scope) -> str | None:
    """``maillog_client_init``, ``src/global/maillog_client.c``."""
    prefixes = _WORD_SEPARATORS.split(scope.get("maillog_file_prefixes").effective.strip(", \t\r\n"))
    if not value or value.startswith(tuple(prefixes)):
        return None
    return f"maillog_file value '{value}' does not match any prefix in maillog_file_prefixes"


def _verp_filter(value: str, scope: Scope) -> str | None:
    delimiters = "default_verp_delimiters"
    return None if scope.assignment(delimiters) else _verp(scope.get(delimiters).effective, scope)


def _verp(value: str, scope: Scope) -> str | None:
    """``verp_delims_verify``, ``src/global/verp_sender.c``."""
    allowed = scope.get("verp_delimiter_filter").effective
    wrong = ""
    if len(value.encode("utf-8", "surrogateescape")) != 2:
        wrong = "bad VERP delimiter character count"
    elif value[0] not in allowed:
        wrong = "bad first VERP delimiter character"
    elif value[1:] not in allowed:
        wrong = "bad second VERP delimiter character"
    return f"parameters default_verp_delimiters and verp_delimiter_filter: {wrong}" if wrong else None


START_CHECKS: Final[Mapping[str, Callable[[str, Scope], str | None]]] = {
    **{name: partial(_first, name) for name in _READ_FIRST},
    "default_verp_delimiters": _verp,
    "import_environment": _environment,
    "inet_protocols": _protocols,
    "maillog_file": _log_file,
    "mydestination": _destination,
    "mydomain": _domain,
    "myhostname": _hostname,
    "mynetworks_style": _networks_style,
    "myorigin": _origin,
    "relayhost": _relayhost,
    "syslog_facility": _facility,
    "verp_delimiter_filter": _verp_filter,
}
"""Parameters with a check of their own."""
