"""What Dovecot 2.4 refuses about plugins, dictionaries and Sieve when all is read.

The ``check_func`` of src/plugins/{acl,fts,mail-log,push-notification,quota}/*-settings.c and src/lib-dict/dict-redis.c
of 2.4.1 and main of 2026-08, and of src/lib-sieve/**/*-settings.c of Pigeonhole's main of 2026-08.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v24_schema import LATE_VARIABLES
from auditor.dovecot.v24_uris import http_url_error, is_sieve_url
from auditor.dovecot.v24_values import is_unlimited, seconds
from auditor.dovecot.v24_view import Check, StructCheck, View, not_zero, only

if TYPE_CHECKING:
    from collections.abc import Iterator

_EVENTS: Final = (
    *("delete", "undelete", "expunge", "save", "append", "copy", "flag_change"),
    *("mailbox_create", "mailbox_delete", "mailbox_rename"),
)
_FIELDS: Final = ("uid", "box", "msgid", "size", "vsize", "flags", "from", "subject")
_ADDRESS_SOURCES: Final = ("", "default", "sender", "recipient", "orig_recipient", "user_email", "postmaster")


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


def _quota_driver(view: View) -> str | None:
    driver = view.text("quota_driver")
    return None if driver in ("count", "fs", "imapc", "maildir") else f"Unknown quota_driver: {driver}"


def _push_url(view: View) -> str | None:
    url = view.text("push_notification_ox_url")
    error = http_url_error(url, with_user=True) if url else ""
    return f"Invalid push_notification_ox_url '{url}': {error}" if error else None


def _vacation(view: View) -> str | None:
    shortest, usual, longest = (_seconds(view, f"sieve_vacation_{name}_period") for name in ("min", "default", "max"))
    if longest is None or (usual is not None and (shortest or 0) <= usual <= longest and shortest is not None):
        return None
    return "Violated sieve_vacation_min_period < sieve_vacation_default_period < sieve_vacation_max_period"


def _seconds(view: View, key: str) -> int | None:
    text = view.text(key)
    return None if is_unlimited(text) else seconds(text)


def _address_source(key: str) -> Check:
    def check(view: View) -> str | None:
        text = view.text(key).strip("\t ").lower()
        known = text in _ADDRESS_SOURCES or re.fullmatch(r"<[^<> \t]*>", text)
        return None if known else f"{key}: Invalid address source '{view.text(key)}'"

    return check


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
    yield StructCheck("quota_root", ("quota_driver",), _quota_driver)
    for key in ("quota_storage_percentage", "quota_message_percentage"):
        yield StructCheck("quota_root", (key,), not_zero(key))
    quota = '{key} must not be 0. (Did you mean "unlimited"?)'
    yield StructCheck("quota", ("quota_mail_size",), not_zero("quota_mail_size", quota), LATE_VARIABLES)
    yield from _sieve_checks()


def _sieve_checks() -> Iterator[StructCheck]:
    periods = tuple(f"sieve_vacation_{name}_period" for name in ("max", "min", "default"))
    yield StructCheck("sieve_vacation", periods, _vacation)
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
