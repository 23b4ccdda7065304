"""What Dovecot 2.4 refuses about plugins, dictionaries and Sieve when all is read.

The ``check_func`` of src/plugins/{acl,fts,mail-log,push-notification,quota}/*-settings.c and src/lib-dict/dict-redis.c
of 2.4.1 and main of 2026-08, and of src/lib-sieve/**/*-settings.c of Pigeonhole's main of 2026-08.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v24_addresses import is_address_source, path_error
from auditor.dovecot.v24_schema import LATE_VARIABLES
from auditor.dovecot.v24_uris import http_url_error, is_sieve_url
from auditor.dovecot.v24_values import is_unlimited, seconds
from auditor.dovecot.v24_view import Check, StructCheck, View, not_zero, number, only

if TYPE_CHECKING:
    from collections.abc import Iterator

MIN_HEADER_SIZE: Final = 1024
"""Bytes, of Sieve's editheader extension."""
MIN_VARIABLES: Final = 128
MIN_VALUE_SIZE: Final = 4000
"""Bytes; both are ``EXT_VARIABLES_REQUIRED_*`` of Pigeonhole's variables extension."""
_EVENTS: Final = (
    *("delete", "undelete", "expunge", "save", "append", "copy", "flag_change"),
    *("mailbox_create", "mailbox_delete", "mailbox_rename"),
)
_FIELDS: Final = ("uid", "box", "msgid", "size", "vsize", "flags", "from", "subject")


def _acl(view: View) -> str | None:
    name = view.text("acl_id")
    if not name:
        return None
    if not re.match(r"(?:user|group|group-override)=|(?:owner|authenticated|anyone|anonymous)\Z", name):
        return f"Invalid identifier '{name}'"
    letters = re.match(r"-?[ \t]*([^ \t:]*)[ \t]*(.*)", view.text("acl_rights"), re.DOTALL)
    unknown = next((char for char in letters[1] if char not in "lrwstipekxa"), "") if letters else ""
    if unknown:
        return f"Unknown ACL '{unknown}'"
    wrong = letters and letters[2] and not letters[2].startswith(":")
    return "Missing ':' prefix in ACL extensions" if wrong else None


def _redis(view: View) -> str | None:
    try:
        ipaddress.ip_address(view.text("redis_host"))
    except ValueError:
        return "redis_host is not a valid IP"
    return None


def _decoder(view: View) -> str | None:
    if view.text("fts_decoder_driver") != "script" or view.text("fts_decoder_script_socket_path"):
        return None
    return "decoder_script_socket_path is required when fts_decoder_driver = script"


def _push_url(view: View) -> str | None:
    url = view.text("push_notification_ox_url")
    error = http_url_error(url, with_user=True) if url else ""
    return f"Invalid push_notification_ox_url '{url}': {error}" if error else None


def _vacation(view: View) -> str | None:
    shortest, usual, longest = (_seconds(view, f"sieve_vacation_{name}_period") for name in ("min", "default", "max"))
    if longest == 0:
        return "sieve_vacation_max_period must not be 0"
    if longest is None or (usual is not None and (shortest or 0) <= usual <= longest and shortest is not None):
        return None
    return "Violated sieve_vacation_min_period < sieve_vacation_default_period < sieve_vacation_max_period"


def _seconds(view: View, key: str) -> int | None:
    text = view.text(key)
    return None if is_unlimited(text) else seconds(text)


def _address_source(key: str) -> Check:
    def check(view: View) -> str | None:
        text = view.text(key)
        return None if is_address_source(text) else f"{key}: Invalid address source '{text}'"

    return check


def _user_email(view: View) -> str | None:
    text = view.text("sieve_user_email")
    error = path_error(text) if text else ""
    return f"sieve_user_email: Invalid SMTP address '{text}': {error}" if error else None


def _scope_count(view: View) -> str | None:
    count = number(view, "sieve_variables_max_scope_count")
    if count is None or count >= MIN_VARIABLES:
        return None
    return f"Setting sieve_variables_max_scope_count is lower than required by standards (>= {MIN_VARIABLES} items)"


def _value_size(view: View) -> str | None:
    bytes_ = number(view, "sieve_variables_max_value_size")
    if bytes_ is None or bytes_ >= MIN_VALUE_SIZE:
        return None
    return f"Setting sieve_variables_max_variable_size is lower than required by standards (>= {MIN_VALUE_SIZE} bytes)"


def _script_name(kind: str) -> Check:
    def check(view: View) -> str | None:
        text = view.text(f"sieve_script_{kind}")
        what = "script storage name" if kind == "storage" else "script name"
        wrong = re.search("[/\x00-\x1f\x7f-\x9f\u2028\u2029\udc80-\udcff]", text)
        # ``str_sanitize`` in src/lib/str-sanitize.c.
        shown = re.sub("[\\x00-\\x1f\\x7f\\udc80-\\udcff]", "?", text)
        return f"Invalid {what} '{shown}'" if wrong else None

    return check


def _status_test(kind: str) -> Check:
    """Return the check of the extension ``spamtest`` or ``virustest``."""

    def check(view: View) -> str | None:
        def text(name: str) -> str:
            return view.text(f"sieve_{kind}_{name}")

        if not text("status_header") or text("status_type") == "text":
            return None
        if text("status_type") not in ("", "score", "strlen"):
            return f"Invalid status type '{text('status_type')}'"
        names = f"sieve_{kind}_score_max_header", f"sieve_{kind}_score_max_value"
        if text("score_max_header") and text("score_max_value"):
            return f"{names[0]} and {names[1]} cannot both be configured"
        if not text("score_max_header") and not text("score_max_value"):
            return f"None of {names[0]} or {names[1]} is configured"
        error = _decimal_error(text("score_max_value")) if text("score_max_value") else ""
        return f"Invalid max score value specification '{text('score_max_value')}': {error}" if error else None

    return check


def _decimal_error(text: str) -> str:
    """``ext_spamvirustest_parse_decimal_value`` in Pigeonhole's ext-spamvirustest-settings.c."""
    match = re.match("[+-]?([0-9]*)(?:[.,]([0-9]*))?", text)
    before, after = (match[1], match[2] or "") if match else ("", "")
    if len(before) > 5:
        return f"Decimal value has too many digits before radix point: {text}"
    if len(after) > 5:
        return f"Decimal value has too many digits after radix point: {text}"
    return f"Invalid decimal point value: {text}" if match and match.end() < len(text) else ""


def _editheader_name(view: View) -> str | None:
    name = view.text("sieve_editheader_header_name")
    wrong = f"sieve_editheader_header_name: Invalid header field name '{name}'"
    return None if re.fullmatch("[!-9;-~]*", name) else wrong


def _editheader_size(view: View) -> str | None:
    bytes_ = number(view, "sieve_editheader_max_header_size")
    if bytes_ is None or bytes_ >= MIN_HEADER_SIZE:
        return None
    # The blank at the end is the daemon's.
    return f"sieve_editheader_max_header_size: Value (={bytes_}) is less than the minimum (={MIN_HEADER_SIZE}) "


def _imapsieve_url(view: View) -> str | None:
    url = view.text("imapsieve_url")
    return f"Invalid URL for imapsieve_url setting: {url}" if url and not is_sieve_url(url) else None


def plugin_checks() -> Iterator[StructCheck]:
    """Yield the checks."""
    yield StructCheck("acl_rights", ("acl_id", "acl_rights"), _acl)
    yield StructCheck("dict_redis", ("redis_host",), _redis)
    yield StructCheck("fts", ("fts_search_timeout",), not_zero("fts_search_timeout"))
    size = not_zero("fts_message_max_size", "message_max_size must not be 0")
    yield StructCheck("fts", ("fts_message_max_size",), size, LATE_VARIABLES)
    yield StructCheck("fts", ("fts_decoder_driver", "fts_decoder_script_socket_path"), _decoder)
    for key, allowed, what in (("mail_log_events", _EVENTS, "event"), ("mail_log_fields", _FIELDS, "field")):
        words = f"Unknown {what} in {{key}}: '{{word}}'"
        yield StructCheck("mail_log", (key,), only(key, *allowed, words=words))
    yield StructCheck("push_notification_ox", ("push_notification_ox_url",), _push_url)
    key = "push_notification_ox_cache_ttl"
    yield StructCheck("push_notification_ox", (key,), not_zero(key))
    quota = '{key} must not be 0. (Did you mean "unlimited"?)'
    yield StructCheck("quota", ("quota_mail_size",), not_zero("quota_mail_size", quota), LATE_VARIABLES)
    yield from _sieve_checks()


def _sieve_checks() -> Iterator[StructCheck]:
    periods = tuple(f"sieve_vacation_{name}_period" for name in ("max", "min", "default"))
    yield StructCheck("sieve_vacation", periods, _vacation)
    for kind in ("spamtest", "virustest"):
        names = ("status_header", "status_type", "score_max_header", "score_max_value")
        yield StructCheck(f"sieve_{kind}", tuple(f"sieve_{kind}_{name}" for name in names), _status_test(kind))
    yield StructCheck("sieve", ("sieve_user_email",), _user_email)
    yield StructCheck("sieve_variables", ("sieve_variables_max_scope_count",), _scope_count)
    yield StructCheck("sieve_variables", ("sieve_variables_max_value_size",), _value_size)
    for kind in ("storage", "name"):
        yield StructCheck("sieve_storage", (f"sieve_script_{kind}",), _script_name(kind))
    yield StructCheck("sieve_editheader_header", ("sieve_editheader_header_name",), _editheader_name)
    yield StructCheck("sieve_editheader", ("sieve_editheader_max_header_size",), _editheader_size)
    key = "managesieve_client_workarounds"
    workarounds = only(key, words="{key}: Unknown workaround: {word}")
    yield StructCheck("managesieve", (key,), workarounds)
    yield StructCheck("imapsieve", ("imapsieve_url",), _imapsieve_url)
    for struct, key in (
        ("sieve", "sieve_redirect_envelope_from"),
        ("sieve_report", "sieve_report_from"),
        ("sieve_notify_mailto", "sieve_notify_mailto_envelope_from"),
    ):
        yield StructCheck(struct, (key,), _address_source(key))
