"""What Dovecot 2.4 refuses when all is read: values that do not go together.

The ``check_func`` of the settings structs in src/**/*-settings.c of 2.4.1 and 2.4.4. The daemon runs them for each
filter on its own (``config_filter_parser_check`` in src/config/config-parser.c): what stands in the filters around it
does not count, what is built in for the same filter does. It names the file but no line; here it is the value's line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v24_checks_mail import mail_checks
from auditor.dovecot.v24_filters import Kind
from auditor.dovecot.v24_schema import LATE_VARIABLES, Number
from auditor.dovecot.v24_services import check_services
from auditor.dovecot.v24_values import ValueRefusedError
from auditor.dovecot.v24_view import ANY, Check, UnknownValueError, View, not_empty, number
from auditor.finding import Problem, ProblemKind
from auditor.text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.dovecot.v24 import Configuration24
    from auditor.dovecot.v24_filters import Filter


def check_all(configuration: Configuration24) -> None:
    """Append what the daemon refuses about the values as a whole to the problems."""
    schema = configuration.schema
    tree = configuration.tree
    problems = configuration.problems
    for where in (tree.root, *tree.filters):
        if where.built_in or where.in_group or not (where.values or where.lists or where.names):
            continue
        _check_names(where, problems)
        view = View(schema, where, _built_in(tree.built_in, where))
        for keys, since, check in _CHECKS:
            if schema.number >= since and (found := next((key for key in keys if key in view.keys), None)):
                _run(view, found, check, problems)
    check_services(configuration)


def _check_names(where: Filter, problems: list[Problem]) -> None:
    """Refuse services and databases where the check of their filter does not find what they need.

    ``master_settings_ext_check`` asks for ``listen`` in the same filter, ``auth_settings_get_passdbs`` for the passdb
    outside of named filters.
    """
    if where.kind is Kind.ROOT:
        return
    for key in ("passdb", "userdb"):
        for name, origin in where.names.get(key, {}).items():
            if any(one.full_name for one in where.chain()) and not _is_outside(where, key, name) and origin.span:
                message = (
                    f"Failed to get {key} {name}: Filter {key}={name} unexpectedly not found "
                    "(invalid userdb or -o override settings?)"
                )
                problems.append(Problem(ProblemKind.INVALID_VALUE, escaped(message), origin.span))
    services = where.names.get("service", {})
    span = next(iter(services.values())).span if services else None
    listen = where.lists.get("listen")
    if span and not any(value.text == "yes" for value in (listen.elements.values() if listen else ())):
        problems.append(Problem(ProblemKind.INVALID_VALUE, "listen can't be set empty", span))


def _is_outside(where: Filter, key: str, name: str) -> bool:
    """Whether a list filter is also opened around the named filters."""
    here = where.parent
    while here:
        if not any(one.full_name for one in here.chain()) and (Kind.LIST, key, name) in here.children:
            return True
        here = here.parent
    return False


def _built_in(root: Filter, where: Filter) -> Filter | None:
    here: Filter | None = root
    for one in reversed(list(where.chain())):
        here = here.children.get((one.kind, one.key, one.name)) if here else None
    return here


def _run(view: View, key: str, check: Check, problems: list[Problem]) -> None:
    try:
        message = check(view)
    except (UnknownValueError, ValueRefusedError):
        return
    span = view.span(key)
    if message and span:
        problems.append(Problem(ProblemKind.INVALID_VALUE, escaped(message), span))


def _valid_range(kind: str) -> Check:
    def check(view: View) -> str | None:
        first, last = number(view, f"first_valid_{kind}"), number(view, f"last_valid_{kind}")
        if last == 0 and view.schema.number >= LATE_VARIABLES:
            return f"last_valid_{kind} must not be 0"
        if last and (first is None or first > last):
            return f"first_valid_{kind} can't be larger than last_valid_{kind}"
        return None

    return check


def _ssl_server(view: View) -> str | None:
    if view.text("ssl") == "no" or view.text("ssl_server_request_client_cert").lower() not in ("yes", "y", "1"):
        return None
    try:
        if view.text("ssl_server_ca_file"):
            return None
    except UnknownValueError:
        return None
    if view.schema.number < LATE_VARIABLES:
        return "ssl_server_request_client_cert set, but ssl_server_ca_file not"
    return "ssl_server_request_client_cert=yes, but ssl_server_ca_file not provided"


def _ssl_options(view: View) -> str | None:
    for word in re.split("[, ]+", view.text("ssl_options")):
        if word and word.lower() not in ("compression", "no_ticket"):
            return f"ssl_options: unknown flag: '{word}'"
    return None


def _fingerprint(view: View) -> str | None:
    name = view.text("ssl_peer_certificate_fingerprint_hash")
    if name.lower() not in ("md4", "md5", "sha1", "rmd160", "sm3"):
        return None
    return f"ssl_peer_certificate_fingerprint_hash: Unsafe hash algorithm '{name}' used"


def _login(view: View) -> str | None:
    if view.text("ssl") == "required" and view.is_on("auth_allow_cleartext"):
        return "auth_allow_cleartext=yes has no effect with ssl=required"
    return None


def _auth_policy(view: View) -> str | None:
    if view.text("auth_policy_server_url") and not view.text("auth_policy_hash_nonce"):
        return "auth_policy_hash_nonce must be set when policy server is used"
    return None


def _auth_cache(view: View) -> str | None:
    bytes_ = number(view, "auth_cache_size")
    return f"auth_cache_size value is too small ({bytes_} bytes)" if bytes_ and bytes_ < 1024 else None


def _verbose_passwords(view: View) -> str | None:
    text, colon, length = view.text("auth_verbose_passwords").partition(":")
    if colon and not re.fullmatch(r"0*[1-9][0-9]{0,8}", length):
        return f"auth_verbose_passwords: Invalid truncation number: '{length}'"
    return None if text in ("no", "plain", "sha1", "yes") else "auth_verbose_passwords: Invalid value"


def _oauth2(view: View) -> str | None:
    mode = view.text("oauth2_introspection_mode")
    urls = [view.text(f"oauth2_{name}_url") for name in ("tokeninfo", "introspection")]
    grant, client_id = view.text("oauth2_grant_url"), view.text("oauth2_client_id")
    if not mode and (grant or any(urls)):
        return "Missing oauth2_introspection_mode"
    if mode in ("auth", "get", "post") and not any(urls):
        return "Need at least one of oauth2_tokeninfo_url or oauth2_introspection_url"
    if grant and not client_id:
        return "oauth2_client_id is required with oauth2_grant_url"
    if bool(client_id) is not bool(view.text("oauth2_client_secret")):
        return "oauth2_client_id and oauth2_client_secret must be provided together"
    if view.text("oauth2_active_value") and not view.text("oauth2_active_attribute"):
        return "Cannot have empty active_attribute if active_value is set"
    return None


def _exporter(view: View) -> str | None:
    name = view.text("event_exporter_format")
    if not view.text("event_exporter_name") or name in ("none", "json", "tab-text"):
        return None
    return f"Unknown exporter format '{name}'" if name else "Exporter format name can't be empty"


def _facility(view: View) -> str | None:
    name = view.text("syslog_facility")
    return None if name in _FACILITIES else f"Unknown syslog_facility: {name}"


def _identifier(view: View) -> str | None:
    name = view.text("acl_id")
    if not name or re.match(r"(?:user|group|group-override)=|(?:owner|authenticated|anyone|anonymous)\Z", name):
        return None
    return f"Invalid identifier '{name}'"


def _execute_port(view: View) -> str | None:
    if view.text("execute_driver") != "tcp" or number(view, "execute_tcp_port"):
        return None
    if not view.text("execute_tcp_host") and re.search(r":\d+\Z", view.text("execute_name")):
        return None
    return "execute_tcp_port must not be 0 with execute_driver=tcp"


_FACILITIES: Final = (
    "auth",
    "authpriv",
    "cron",
    "daemon",
    "ftp",
    "kern",
    "lpr",
    "mail",
    "news",
    "syslog",
    "user",
    "uucp",
    "local0",
    "local1",
    "local2",
    "local3",
    "local4",
    "local5",
    "local6",
    "local7",
)
"""src/lib-master/syslog-util.c."""


def _checks() -> Iterator[tuple[tuple[str, ...], Number, Check]]:
    """Yield the settings that a check is about, the first version that has it, and the check."""
    yield ("ssl_server_request_client_cert",), ANY, _ssl_server
    yield ("ssl_options",), ANY, _ssl_options
    yield ("ssl_min_protocol",), LATE_VARIABLES, not_empty("ssl_min_protocol", "ssl_min_protocol cannot be empty")
    yield ("ssl_peer_certificate_fingerprint_hash",), LATE_VARIABLES, _fingerprint
    yield ("auth_allow_cleartext", "ssl"), ANY, _login
    yield ("auth_policy_server_url",), ANY, _auth_policy
    yield ("auth_cache_size",), ANY, _auth_cache
    yield ("auth_verbose_passwords",), ANY, _verbose_passwords
    yield tuple(f"oauth2_{name}" for name in _OAUTH2), ANY, _oauth2
    for kind in ("uid", "gid"):
        yield (f"last_valid_{kind}", f"first_valid_{kind}"), ANY, _valid_range(kind)
    yield ("event_exporter_format", "event_exporter_name"), ANY, _exporter
    yield ("syslog_facility",), ANY, _facility
    yield ("acl_id",), ANY, _identifier
    yield ("execute_driver",), ANY, _execute_port
    for key in ("dsync_alt_char", "dsync_hashed_headers"):
        yield (key,), ANY, not_empty(key, f"{key} must not be empty")


_OAUTH2: Final = (
    "introspection_mode",
    "introspection_url",
    "tokeninfo_url",
    "grant_url",
    "client_id",
    "client_secret",
    "active_value",
    "active_attribute",
)
_CHECKS: Final = (*_checks(), *mail_checks())
