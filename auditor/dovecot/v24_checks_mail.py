"""What Dovecot 2.4 refuses about mail storage and the mail protocols when all is read.

The ``check_func`` of src/lib-storage/mail-storage-settings.c, src/imap/imap-settings.c, src/pop3/pop3-settings.c,
src/lmtp/lmtp-settings.c, src/submission/submission-settings.c, src/lib-imap-client/imapc-settings.c,
src/plugins/mail-log/mail-log-plugin.c and src/lib-http/http-client-settings.c of 2.4.1 and 2.4.4.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v24_schema import LATE_VARIABLES, Number
from auditor.dovecot.v24_view import ANY, Check, View, not_zero, number, only

if TYPE_CHECKING:
    from collections.abc import Iterator

GIGABYTE: Final = 1 << 30


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
    return lambda view: (
        f"{key} value must be a single character"
        if len(view.text(key).encode("utf-8", "surrogateescape")) > 1
        else None
    )


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
    if len(view.text("namespace_separator").encode("utf-8", "surrogateescape")) < 2:
        return None
    return f"Namespace {view.text('namespace_name')}: Hierarchy separator must be only one character long"


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
_NOT_ZERO: Final[dict[str, Number]] = {
    "mailbox_idle_check_interval": ANY,
    "imapc_max_idle_time": ANY,
    "imapc_max_line_length": ANY,
    "fts_search_timeout": ANY,
    "http_client_max_pipelined_requests": ANY,
    "http_client_max_parallel_connections": ANY,
    "mail_sort_max_read_count": LATE_VARIABLES,
    "mail_vsize_bg_after_count": LATE_VARIABLES,
    "mail_cache_max_header_name_length": LATE_VARIABLES,
    "mail_cache_max_headers_count": LATE_VARIABLES,
}


def mail_checks() -> Iterator[tuple[tuple[str, ...], Number, Check]]:
    """Yield the settings that a check is about, the first version that has it, and the check."""
    yield ("mail_nfs_index", "mmap_disable", "mail_fsync"), ANY, _nfs
    yield ("pop3_uidl_format",), ANY, _uidl
    yield ("mail_cache_max_size",), ANY, _cache_size
    for key in ("mail_cache_fields", "mail_always_cache_fields", "mail_never_cache_fields"):
        yield (key,), ANY, _cache_fields(key)
    for key in ("mailbox_list_visible_escape_char", "mailbox_list_storage_escape_char"):
        yield (key,), ANY, _one_character(key)
    yield ("pop3_delete_type", "pop3_deleted_flag"), ANY, _delete_type
    yield ("namespace_separator",), ANY, _separator
    for key, since, check in _word_checks():
        yield (key,), since, check
    for key, since in _NOT_ZERO.items():
        yield (key,), since, not_zero(key)
    limit = '{key} must not be 0 (did you mean "unlimited"?)'
    yield ("lmtp_user_concurrency_limit",), ANY, not_zero("lmtp_user_concurrency_limit", limit)
    quota = '{key} must not be 0. (Did you mean "unlimited"?)'
    yield ("quota_mail_size",), LATE_VARIABLES, not_zero("quota_mail_size", quota)
    yield (
        ("http_client_request_max_attempts",),
        ANY,
        not_zero("http_client_request_max_attempts", "request_max_attempts must not be 0"),
    )
    yield ("fts_message_max_size",), LATE_VARIABLES, not_zero("fts_message_max_size", "message_max_size must not be 0")


def _word_checks() -> Iterator[tuple[str, Number, Check]]:
    imap = ("delay-newmail", "tb-extra-mailbox-sep", "tb-lsub-flags")
    submission = (*_SMTP, "implicit-auth-external", "exotic-backend")
    for key, allowed in (
        ("imap_client_workarounds", imap),
        ("pop3_client_workarounds", ("outlook-no-nuls", "oe-ns-eoh")),
        ("lmtp_client_workarounds", _SMTP),
        ("submission_client_workarounds", submission),
    ):
        yield key, ANY, only(key, *allowed, words=_WORKAROUND)
    unknown = "{key}: Unknown feature: {word}"
    yield "imapc_features", ANY, only("imapc_features", *_FEATURES, words=unknown, also="no-|throttle:")
    option = "{key}: Unknown option: {word}"
    detection = "mail_attachment_detection_options"
    yield detection, ANY, only(detection, *_ATTACHMENTS, words=option, also="content-type=")
    yield "mail_log_events", ANY, only("mail_log_events", *_EVENTS, words="Unknown event in {key}: '{word}'")
    yield "mail_log_fields", ANY, only("mail_log_fields", *_FIELDS, words="Unknown field in {key}: '{word}'")
