"""What Dovecot 2.4 refuses when all is read: values that do not go together.

The ``check_func`` of the settings structs in src/**/*-settings.c of 2.4.1 and 2.4.4. The daemon runs them for each
filter on its own (``config_filter_parser_check`` in src/config/config-parser.c): what stands in the filters around it
does not count, what is built in for the same filter does. It names the file but no line; here it is the value's line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v24_schema import LATE_VARIABLES, Number
from auditor.dovecot.v24_services import check_services
from auditor.dovecot.v24_values import ValueRefusedError
from auditor.dovecot.v24_view import UnknownValueError, View, number
from auditor.finding import Problem, ProblemKind
from auditor.text import escaped

if TYPE_CHECKING:
    from auditor.dovecot.v24 import Configuration24
    from auditor.dovecot.v24_filters import Filter

GIGABYTE: Final = 1 << 30


Check = Callable[[View], "str | None"]


def check_all(configuration: Configuration24) -> None:
    """Append what the daemon refuses about the values as a whole to the problems."""
    schema = configuration.schema
    tree = configuration.tree
    problems = configuration.problems
    for where in (tree.root, *tree.filters):
        if where.built_in or not (where.values or where.lists) or where.in_group:
            continue
        view = View(schema, where, _built_in(tree.built_in, where))
        for keys, since, check in _CHECKS:
            if schema.number >= since and (found := next((key for key in keys if key in view.keys), None)):
                _run(view, found, check, problems)
    check_services(configuration)


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


def _only(key: str, *allowed: str, words: str, also: str = "") -> Check:
    """Every element of a boolean list is one of those allowed, or matches ``also``."""

    def check(view: View) -> str | None:
        for word in view.words(key):
            if word not in allowed and not (also and re.match(also, word)):
                return words.format(key=key, word=word)
        return None

    return check


def _not_zero(key: str, message: str = "{key} must not be 0") -> Check:
    def check(view: View) -> str | None:
        return message.format(key=key) if number(view, key) == 0 else None

    return check


def _not_empty(key: str, message: str) -> Check:
    return lambda view: None if view.text(key) else message


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


def _nfs(view: View) -> str | None:
    if not view.is_on("mail_nfs_index"):
        return None
    if not view.is_on("mmap_disable"):
        return "mail_nfs_index=yes requires mmap_disable=yes"
    return None if view.text("mail_fsync") == "always" else "mail_nfs_index=yes requires mail_fsync=always"


def _uidl(view: View) -> str | None:
    value = view.where.values.get("pop3_uidl_format")
    names = re.findall(r"%\{\s*([\w:]+)", value.text if value else "")
    for name in names:
        if name not in ("uidvalidity", "uid", "md5", "filename", "guid"):
            return f"Unknown pop3_uidl_format variable: %{{{name}}}"
    return None if names else "pop3_uidl_format setting doesn't contain any %{variables}."


def _one_character(key: str) -> Check:
    return lambda view: f"{key} value must be a single character" if len(view.text(key).encode()) > 1 else None


def _cache_fields(key: str) -> Check:
    def check(view: View) -> str | None:
        found = view.words(key)
        message = f'Invalid {key}: has multiple values while having "*" set'
        return message if "*" in found and len(found) > 1 else None

    return check


def _cache_size(view: View) -> str | None:
    bytes_ = number(view, "mail_cache_max_size")
    return "mail_cache_max_size can't be over 1 GB" if bytes_ is None or bytes_ > GIGABYTE else None


def _delete_type(view: View) -> str | None:
    if view.text("pop3_delete_type") == "flag" and not view.text("pop3_deleted_flag"):
        return "pop3_delete_type=flag, but pop3_deleted_flag not set"
    return None


def _separator(view: View) -> str | None:
    if len(view.text("namespace_separator").encode()) < 2:
        return None
    return f"Namespace {view.text('namespace_name')}: Hierarchy separator must be only one character long"


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
_WORKAROUND: Final = "{key}: Unknown workaround: {word}"
_SMTP: Final = ("whitespace-before-path", "mailbox-for-path")
_FEATURES: Final = (
    "guid-forced",
    "gmail-migration",
    "zimbra-workarounds",
    "proxyauth",
    "fetch-msn-workarounds",
    "fetch-fix-broken-mails",
    "send-id",
    "fetch-empty-is-expunged",
)
_EVENTS: Final = (
    "delete",
    "undelete",
    "expunge",
    "save",
    "copy",
    "mailbox_create",
    "mailbox_delete",
    "mailbox_rename",
    "flag_change",
)
_FIELDS: Final = ("uid", "box", "msgid", "size", "vsize", "flags", "from", "subject")
_ATTACHMENTS: Final = ("add-flags", "add-flags-on-save", "no-flags-on-fetch", "exclude-inlined")
_ANY: Final[Number] = ()


def _checks() -> Iterator[tuple[tuple[str, ...], Number, Check]]:
    """Yield the settings that a check is about, the first version that has it, and the check."""
    yield ("ssl_server_request_client_cert",), _ANY, _ssl_server
    yield ("ssl_options",), _ANY, _ssl_options
    yield ("ssl_min_protocol",), LATE_VARIABLES, _not_empty("ssl_min_protocol", "ssl_min_protocol cannot be empty")
    yield ("ssl_peer_certificate_fingerprint_hash",), LATE_VARIABLES, _fingerprint
    yield ("auth_allow_cleartext", "ssl"), _ANY, _login
    yield ("auth_policy_server_url",), _ANY, _auth_policy
    yield ("auth_cache_size",), _ANY, _auth_cache
    yield ("auth_verbose_passwords",), _ANY, _verbose_passwords
    yield tuple(f"oauth2_{name}" for name in _OAUTH2), _ANY, _oauth2
    for kind in ("uid", "gid"):
        yield (f"last_valid_{kind}", f"first_valid_{kind}"), _ANY, _valid_range(kind)
    yield ("mail_nfs_index", "mmap_disable", "mail_fsync"), _ANY, _nfs
    yield ("pop3_uidl_format",), _ANY, _uidl
    yield ("mail_cache_max_size",), _ANY, _cache_size
    for key in ("mail_cache_fields", "mail_always_cache_fields", "mail_never_cache_fields"):
        yield (key,), _ANY, _cache_fields(key)
    for key in ("mailbox_list_visible_escape_char", "mailbox_list_storage_escape_char"):
        yield (key,), _ANY, _one_character(key)
    yield ("pop3_delete_type", "pop3_deleted_flag"), _ANY, _delete_type
    yield ("namespace_separator",), _ANY, _separator
    yield ("event_exporter_format",), _ANY, _exporter
    yield ("syslog_facility",), _ANY, _facility
    yield ("acl_id",), _ANY, _identifier
    yield ("execute_driver",), _ANY, _execute_port
    for key in ("dsync_alt_char", "dsync_hashed_headers"):
        yield (key,), _ANY, _not_empty(key, f"{key} must not be empty")
    for key, since, check in _word_checks():
        yield (key,), since, check
    for key, since in _NOT_ZERO.items():
        yield (key,), since, _not_zero(key)
    limit = '{key} must not be 0 (did you mean "unlimited"?)'
    yield ("lmtp_user_concurrency_limit",), _ANY, _not_zero("lmtp_user_concurrency_limit", limit)
    quota = '{key} must not be 0. (Did you mean "unlimited"?)'
    yield ("quota_mail_size",), LATE_VARIABLES, _not_zero("quota_mail_size", quota)
    yield (
        ("http_client_request_max_attempts",),
        _ANY,
        _not_zero("http_client_request_max_attempts", "request_max_attempts must not be 0"),
    )
    yield ("fts_message_max_size",), LATE_VARIABLES, _not_zero("fts_message_max_size", "message_max_size must not be 0")


def _word_checks() -> Iterator[tuple[str, Number, Check]]:
    imap = ("delay-newmail", "tb-extra-mailbox-sep", "tb-lsub-flags")
    submission = (*_SMTP, "implicit-auth-external", "exotic-backend")
    for key, allowed in (
        ("imap_client_workarounds", imap),
        ("pop3_client_workarounds", ("outlook-no-nuls", "oe-ns-eoh")),
        ("lmtp_client_workarounds", _SMTP),
        ("submission_client_workarounds", submission),
    ):
        yield key, _ANY, _only(key, *allowed, words=_WORKAROUND)
    unknown = "{key}: Unknown feature: {word}"
    yield "imapc_features", _ANY, _only("imapc_features", *_FEATURES, words=unknown, also="no-|throttle:")
    option = "{key}: Unknown option: {word}"
    detection = "mail_attachment_detection_options"
    yield detection, _ANY, _only(detection, *_ATTACHMENTS, words=option, also="content-type=")
    yield "mail_log_events", _ANY, _only("mail_log_events", *_EVENTS, words="Unknown event in {key}: '{word}'")
    yield "mail_log_fields", _ANY, _only("mail_log_fields", *_FIELDS, words="Unknown field in {key}: '{word}'")


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
_NOT_ZERO: Final[dict[str, Number]] = {
    "mailbox_idle_check_interval": _ANY,
    "imapc_max_idle_time": _ANY,
    "imapc_max_line_length": _ANY,
    "fts_search_timeout": _ANY,
    "http_client_max_pipelined_requests": _ANY,
    "http_client_max_parallel_connections": _ANY,
    "mail_sort_max_read_count": LATE_VARIABLES,
    "mail_vsize_bg_after_count": LATE_VARIABLES,
    "mail_cache_max_header_name_length": LATE_VARIABLES,
    "mail_cache_max_headers_count": LATE_VARIABLES,
}
_CHECKS: Final = tuple(_checks())
