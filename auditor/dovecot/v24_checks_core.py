"""What Dovecot 2.4 refuses about logins, TLS, authentication, logging and HTTP when all is read.

The ``check_func`` of src/lib-ssl-iostream/ssl-settings.c, src/login-common/login-settings.c, src/auth/auth-settings.c,
src/auth/db-oauth2.c, src/lib-master/master-service-settings.c, src/master/master-settings.c,
src/stats/stats-settings.c, src/lib-http/http-*-settings.c, src/lib-program-client/program-client.c and
src/doveadm/doveadm-settings.c of 2.4.1 and main of 2026-08.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.dovecot.event_filter import filter_error
from auditor.dovecot.hash_methods import HASH_BITS
from auditor.dovecot.v24_filters import Kind
from auditor.dovecot.v24_schema import LATE_VARIABLES
from auditor.dovecot.v24_uris import http_url_error
from auditor.dovecot.v24_values import UINT_MAX, is_unlimited, seconds
from auditor.dovecot.v24_view import Check, StructCheck, UnknownValueError, View, not_empty, not_zero, number

if TYPE_CHECKING:
    from collections.abc import Iterator


def _valid_range(kind: str) -> Check:
    def check(view: View) -> str | None:
        first, last = number(view, f"first_valid_{kind}"), number(view, f"last_valid_{kind}")
        if last and (first is None or first > last):
            return f"first_valid_{kind} can't be larger than last_valid_{kind}"
        return None

    return check


def _last_valid(kind: str) -> Check:
    return not_zero(f"last_valid_{kind}")


def _ssl_server(view: View) -> str | None:
    """Check that there is a CA; of ``ssl`` only a value inside ``ssl_server`` counts (tried on 2.4.1 and 2.4.5)."""
    block = view.where.children.get((Kind.NAMED, "ssl_server", ""))
    ssl = block.values.get("ssl") if block else None
    wanted = view.text("ssl_server_request_client_cert").lower() in ("yes", "y", "1")
    if not wanted or (ssl and ssl.text == "no"):
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
    if not view.text("auth_policy_server_url"):
        return None
    if not view.text("auth_policy_hash_nonce"):
        return "auth_policy_hash_nonce must be set when policy server is used"
    bits = HASH_BITS.get(view.text("auth_policy_hash_mech"))
    if bits is None:
        return "invalid auth_policy_hash_mech given"
    truncate = number(view, "auth_policy_hash_truncate")
    if truncate is None or truncate >= bits:
        shown = UINT_MAX if truncate is None else truncate
        return f"policy_hash_truncate is not smaller than digest size ({shown} >= {bits})"
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


def _metric(view: View) -> str | None:
    if not view.text("metric_name"):
        return None
    text = view.text("metric_filter")
    if not text:
        return f"metric {view.text('metric_name')} {{ filter }} is empty - will not match anything"
    return filter_error(text, "2.4")


def _log_filter(key: str) -> Check:
    def check(view: View) -> str | None:
        error = filter_error(view.text(key), "2.4")
        return f"Invalid {key}: {error}" if error else None

    return check


def _dsync_features(view: View) -> str | None:
    for word in re.split("[, ]+", view.text("dsync_features")):
        if word and word.lower() not in ("empty-header-workaround", "no-header-hashes"):
            return f"dsync_features: Unknown feature: {word}"
    return None


def _proxy_url(view: View) -> str | None:
    url = view.text("http_client_proxy_url")
    error = http_url_error(url, with_user=False) if url else ""
    return f"Invalid http_client_proxy_url: {error}" if error else None


def _backoff(view: View) -> str | None:
    first, longest = (_milliseconds(view, f"http_client_connect_backoff_{name}") for name in ("time", "max_time"))
    if longest >= first:
        return None
    return (
        f"http_client_connect_backoff_time_msecs ({longest}) must not be smaller than "
        f"http_client_connect_backoff_max_time_msecs ({first})"
    )


def _milliseconds(view: View, key: str) -> int:
    text = view.text(key)
    return UINT_MAX if is_unlimited(text) else seconds(text, milliseconds=True)


def _facility(view: View) -> str | None:
    name = view.text("syslog_facility")
    return None if name in _FACILITIES else f"Unknown syslog_facility: {name}"


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


def core_checks() -> Iterator[StructCheck]:
    """Yield the checks."""
    yield StructCheck("ssl_server", ("ssl_server_request_client_cert",), _ssl_server)
    yield StructCheck("ssl", ("ssl_options",), _ssl_options)
    empty = not_empty("ssl_min_protocol", "ssl_min_protocol cannot be empty")
    yield StructCheck("ssl", ("ssl_min_protocol",), empty, LATE_VARIABLES)
    yield StructCheck("ssl", ("ssl_peer_certificate_fingerprint_hash",), _fingerprint, LATE_VARIABLES)
    yield StructCheck("login", ("auth_allow_cleartext", "ssl"), _login)
    policy = tuple(f"auth_policy_{name}" for name in ("server_url", "hash_nonce", "hash_mech", "hash_truncate"))
    yield StructCheck("auth", policy, _auth_policy)
    yield StructCheck("auth", ("auth_cache_size",), _auth_cache)
    yield StructCheck("auth", ("auth_verbose_passwords",), _verbose_passwords)
    yield StructCheck("auth_oauth2", tuple(f"oauth2_{name}" for name in _OAUTH2), _oauth2)
    for kind in ("uid", "gid"):
        for struct in ("master", "auth", "mail_user"):
            yield StructCheck(struct, (f"last_valid_{kind}",), _last_valid(kind), LATE_VARIABLES)
        yield StructCheck("master", (f"last_valid_{kind}", f"first_valid_{kind}"), _valid_range(kind))
    yield StructCheck("stats_exporter", ("event_exporter_format", "event_exporter_name"), _exporter)
    yield StructCheck("stats_metric", ("metric_filter", "metric_name"), _metric)
    yield StructCheck("master_service", ("syslog_facility",), _facility)
    for key in ("log_debug", "log_core_filter", "process_shutdown_filter"):
        yield StructCheck("master_service", (key,), _log_filter(key))
    yield StructCheck("execute", ("execute_driver", "execute_name"), _execute_port)
    for key in ("dsync_alt_char", "dsync_hashed_headers"):
        yield StructCheck("doveadm", (key,), not_empty(key, f"{key} must not be empty"))
    yield StructCheck("doveadm", ("dsync_features",), _dsync_features)
    yield from _http_checks()


def _http_checks() -> Iterator[StructCheck]:
    yield StructCheck("http_client", ("http_client_proxy_url",), _proxy_url)
    for key, name in (
        ("http_client_max_pipelined_requests", ""),
        ("http_client_max_parallel_connections", ""),
        ("http_client_request_max_attempts", "request_max_attempts"),
        ("http_client_connect_backoff_time", "http_client_connect_backoff_time_msecs"),
        ("http_client_request_timeout", "http_client_request_timeout_msecs"),
    ):
        yield StructCheck("http_client", (key,), not_zero(key, f"{name or key} must not be 0"))
    backoff = ("http_client_connect_backoff_time", "http_client_connect_backoff_max_time")
    yield StructCheck("http_client", backoff, _backoff)
    key = "http_server_max_pipelined_requests"
    yield StructCheck("http_server", (key,), not_zero(key))


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
