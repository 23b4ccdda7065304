"""What Dovecot 2.2 and 2.3 check when all lines are read, once for each filter.

Follows ``config_all_parsers_check`` in src/config/config-parser.c and the functions ``…_settings_check`` and
``…_settings_verify`` in src/**/*-settings.c as doveconf compiles them (2.3.19.1). Not followed: what depends on the
host: whether ``default_login_user`` exists, whether ``mail_plugin_dir`` can be read, what DNS says of
``auth_proxy_self``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.dovecot.event_filter import filter_error
from auditor.dovecot.hash_methods import HASH_BITS
from auditor.dovecot.v23_blocks import Layer, merged
from auditor.dovecot.v23_candidates import Candidates
from auditor.dovecot.v23_check_mail import check_mail, check_namespaces
from auditor.dovecot.v23_check_services import check_services
from auditor.dovecot.v23_check_stats import check_exporter, check_metric, check_old_metric
from auditor.dovecot.v23_view import View, is_uint, words_of
from auditor.finding import NotChecked, Problem, ProblemKind
from auditor.text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.dovecot.v23_table import Table
    from auditor.text import SourceFile, Span

MAX_COMPARED: Final = 500
"""Filters with wildcards that are compared with all others."""
_LOOKED_AT: Final = frozenset(
    (
        *("auth_cache_size", "auth_policy_hash_mech", "auth_policy_hash_nonce", "auth_policy_hash_truncate"),
        *("auth_policy_server_url", "auth_verbose_passwords", "auth_worker_max_count", "base_dir"),
        *("default_process_limit", "director_user_expire", "dsync_alt_char", "dsync_hashed_headers"),
        *("first_valid_gid", "first_valid_uid", "imapc_max_idle_time", "lmtp_hdr_delivery_address"),
        *("log_core_filter", "log_debug", "mail_cache_max_size", "mail_cache_purge_delete_percentage"),
        *(
            "last_valid_gid",
            "last_valid_uid",
            "listen",
            "mail_always_cache_fields",
            "mail_attachment_detection_options",
        ),
        *("mail_attachment_hash", "mail_cache_fields", "mail_fsync", "mail_never_cache_fields", "mail_nfs_index"),
        *("mailbox_idle_check_interval", "mmap_disable", "pop3_delete_type", "pop3_deleted_flag", "pop3_uidl_format"),
        *(
            "process_shutdown_filter",
            "protocols",
            "ssl",
            "ssl_ca",
            "ssl_options",
            "ssl_verify_client_cert",
            "syslog_facility",
        ),
    )
)
"""Global settings that the checks look at, besides those of ``_WORDS``."""
_WORDS: Final = {
    "imap_client_workarounds": ("delay-newmail", "tb-extra-mailbox-sep", "tb-lsub-flags"),
    "pop3_client_workarounds": ("outlook-no-nuls", "oe-ns-eoh"),
    "lmtp_client_workarounds": ("whitespace-before-path", "mailbox-for-path"),
    "submission_client_workarounds": (
        "whitespace-before-path",
        "mailbox-for-path",
        "implicit-auth-external",
        "exotic-backend",
    ),
    "managesieve_client_workarounds": (),
    "imapc_features": (
        *(
            "rfc822.size",
            "guid-forced",
            "fetch-headers",
            "gmail-migration",
            "search",
            "zimbra-workarounds",
            "no-examine",
        ),
        *(
            "proxyauth",
            "fetch-msn-workarounds",
            "fetch-fix-broken-mails",
            "modseq",
            "delay-login",
            "fetch-bodystructure",
        ),
        *("send-id", "fetch-empty-is-expunged", "no-msn-updates", "acl"),
    ),
    "pop3c_features": ("no-pipelining",),
    "dsync_features": ("empty-header-workaround",),
}
"""Words that a list may hold: the feature and workaround lists in the settings files of each module."""
_SYSLOG_FACILITIES: Final = frozenset(
    (
        *("auth", "authpriv", "cron", "daemon", "ftp", "kern", "lpr", "mail", "news", "syslog", "user", "uucp"),
        *(f"local{number}" for number in range(8)),
    )
)


def check(layers: list[Layer], table: Table, main: SourceFile) -> tuple[list[Problem], list[NotChecked]]:
    """Return what the daemon refuses about the configuration as a whole, and what was too much to check."""
    found: dict[tuple[str, Span], Problem] = {}
    candidates = Candidates(layers)
    if len(candidates.rest) > MAX_COMPARED:
        layers = layers[:1]
    renames = any(layer.renames_builtin for layer in layers)
    for layer in layers:
        matching = [one for one in candidates.of(layer.filter) if one.filter.matches(layer.filter)]
        if len(matching) <= 2 and not (layer is layers[0] or renames or _is_looked_at(layer)):
            continue
        root, conflict = merged(matching, layer.filter)
        if conflict and conflict.value.origin.span:
            problem = Problem(ProblemKind.INVALID_VALUE, escaped(conflict.message), conflict.value.origin.span)
            found.setdefault((problem.message, problem.span), problem)
        if layer is layers[0] or renames or any(_is_looked_at(one) for one in matching[1:]):
            for problem in _checked(View(table, root, main)):
                found.setdefault((problem.message, problem.span), problem)
    why = f"more than {MAX_COMPARED} of them have wildcards"
    skipped = [NotChecked("conflicts between filters", why)] if len(candidates.rest) > MAX_COMPARED else []
    return list(found.values()), skipped


def _is_looked_at(layer: Layer) -> bool:
    """Whether a filter sets anything that the checks look at."""
    root = layer.root
    return bool(root.blocks) or any(key in _LOOKED_AT or key in _WORDS for key in root.values)


def _checked(view: View) -> Iterator[Problem]:
    yield from _check_log(view)
    yield from _check_ssl(view)
    yield from _check_auth(view)
    yield from _check_words(view)
    yield from check_mail(view)
    yield from _check_delivery(view)
    yield from check_services(view)
    yield from check_namespaces(view)
    yield from _check_stats(view)


def _check_log(view: View) -> Iterator[Problem]:
    """``master_service_settings_check``."""
    facility = view.text("syslog_facility")
    if facility not in _SYSLOG_FACILITIES:
        yield view.problem(f"Unknown syslog_facility: {facility}", None, "syslog_facility")
    if not view.table.has_event_filters:
        return
    for key in ("log_debug", "log_core_filter", "process_shutdown_filter"):
        if error := filter_error(view.text(key), "2.3"):
            yield view.problem(f"Invalid {key}: {error}", None, key)


def _check_ssl(view: View) -> Iterator[Problem]:
    """``master_service_ssl_settings_check``."""
    if view.text("ssl") == "no":
        return
    if view.text("ssl_verify_client_cert") == "yes" and not view.text("ssl_ca"):
        yield view.problem("ssl_verify_client_cert set, but ssl_ca not", None, "ssl_verify_client_cert")
    for flag in words_of(view.text("ssl_options")):
        if flag.lower() not in ("compression", "no_compression", "no_ticket"):
            yield view.problem(f"ssl_options: unknown flag: '{flag}'", None, "ssl_options")


def _check_auth(view: View) -> Iterator[Problem]:
    """``auth_settings_check`` and the checks of passdb and userdb."""
    if not view.number("auth_worker_max_count"):
        yield view.problem("auth_worker_max_count must be above zero", None, "auth_worker_max_count")
    size = view.bytes("auth_cache_size")
    if 0 < size < 1024:
        yield view.problem(f"auth_cache_size value is too small ({size} bytes)", None, "auth_cache_size")
    kind, colon, length = view.text("auth_verbose_passwords").partition(":")
    if colon and not is_uint(length, least=1):
        message = f"auth_verbose_passwords: Invalid truncation number: '{length}'"
        yield view.problem(message, None, "auth_verbose_passwords")
    elif kind not in ("no", "plain", "sha1", "yes"):
        yield view.problem("auth_verbose_passwords: Invalid value", None, "auth_verbose_passwords")
    if view.text("auth_policy_server_url"):
        yield from _check_policy(view)
    for kind in ("passdb", "userdb"):
        for block in view.root.blocks.get(kind, []):
            if not view.text("driver", block):
                yield view.problem(f"{kind} is missing driver", block, "driver")
            elif view.text("pass", block) == "yes" and view.text("result_success", block) != "return-ok":
                message = "Obsolete pass=yes setting mixed with non-default result_success"
                yield view.problem(message, block, "pass")


def _check_policy(view: View) -> Iterator[Problem]:
    if not view.text("auth_policy_hash_nonce"):
        message = "auth_policy_hash_nonce must be set when policy server is used"
        yield view.problem(message, None, "auth_policy_hash_nonce", "auth_policy_server_url")
        return
    bits = HASH_BITS.get(view.text("auth_policy_hash_mech"))
    truncate = view.number("auth_policy_hash_truncate")
    if bits is None:
        yield view.problem("invalid auth_policy_hash_mech given", None, "auth_policy_hash_mech")
    elif truncate >= bits:
        message = f"policy_hash_truncate is not smaller than digest size ({truncate} >= {bits})"
        yield view.problem(message, None, "auth_policy_hash_truncate")


def _check_words(view: View) -> Iterator[Problem]:
    """Look at the lists of workarounds and features."""
    for key, known in _WORDS.items():
        for word in words_of(view.text(key)):
            if word.lower() in known:
                continue
            if key == "imapc_features" and word.lower().startswith("throttle:"):
                parts = word[9:].split(":")
                if len(parts) != 3 or not all(map(is_uint, parts)):
                    yield view.problem("imapc_features: Invalid throttle settings", None, key)
                continue
            what = "workaround" if key.endswith("workarounds") else "feature"
            yield view.problem(f"{key}: Unknown {what}: {word}", None, key)


def _check_delivery(view: View) -> Iterator[Problem]:
    """``lmtp_settings_check`` and ``doveadm_settings_check``."""
    address = view.text("lmtp_hdr_delivery_address")
    if "lmtp_hdr_delivery_address" in view.table.top and address not in ("none", "final", "original"):
        message = f"Unknown lmtp_hdr_delivery_address: {address}"
        yield view.problem(message, None, "lmtp_hdr_delivery_address")
    for key in ("dsync_hashed_headers", "dsync_alt_char"):
        if key in view.table.top and not view.text(key):
            yield view.problem(f"{key} must not be empty", None, key)


def _check_stats(view: View) -> Iterator[Problem]:
    """``stats_settings_check`` and the checks of metric and event_exporter."""
    exporters = view.root.blocks.get("event_exporter", [])
    metrics = view.root.blocks.get("metric", [])
    for metric in metrics:
        name = view.text("exporter", metric)
        if name and exporters and name not in [exporter.name for exporter in exporters]:
            message = f"metric {metric.name} refers to non-existent exporter '{name}'"
            yield view.problem(message, metric, "exporter")
    for block in metrics:
        if view.table.has_event_filters:
            found = check_metric(block.name, view.text("filter", block), view.text("group_by", block))
        else:
            found = check_old_metric(block.name, view.text("source_location", block))
        for message, key in found:
            yield view.problem(message, block, key)
    for block in exporters:
        texts = [view.text(key, block) for key in ("format", "transport", "format_args")]
        for message, key in check_exporter(block.name, *texts):
            yield view.problem(message, block, key)
