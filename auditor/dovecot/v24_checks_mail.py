"""What Dovecot 2.4 refuses about mail storage and the mail protocols when all is read.

The ``check_func`` of src/lib-storage/mail-storage-settings.c, src/lib-storage/index/pop3c/pop3c-settings.c,
src/imap/imap-settings.c, src/pop3/pop3-settings.c, src/lmtp/lmtp-settings.c, src/submission*/submission*-settings.c,
src/lda/lda-settings.c and src/lib-imap-client/imapc-settings.c of 2.4.1 and main of 2026-08.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v24_hash_format import hash_format_error
from auditor.dovecot.v24_schema import HEREDOC, LATE_VARIABLES, Number, section_escaped
from auditor.dovecot.v24_uris import uri_error
from auditor.dovecot.v24_view import ANY, UNKNOWN, Check, StructCheck, View, not_zero, number, only
from auditor.syntax.dovecot_variables import variables_error

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
    names = re.findall(r"%\{\s*([\w:]+)", view.text("pop3_uidl_format"))
    for name in names:
        if name not in ("uidvalidity", "uid", "md5", "filename", "guid"):
            return f"Unknown pop3_uidl_format variable: %{{{name}}}"
    return None if names else "pop3_uidl_format setting doesn't contain any %{variables}."


def _one_character(key: str) -> Check:
    def check(view: View) -> str | None:
        text = view.text(key)
        return f"{key} value must be a single character" if len(_bytes(text)) > 1 and text != UNKNOWN else None

    return check


def _cache_fields(key: str) -> Check:
    def check(view: View) -> str | None:
        found = view.words(key)
        for word in found:
            name = word[4:] if word[:4].lower() == "hdr." else ""
            if not re.fullmatch("[!-9;-~]*", name):
                return f"Invalid {key}: {name} is not a valid header name"
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
    if len(_bytes(view.text("namespace_separator"))) < 2:
        return None
    return f"Namespace {view.text('namespace_name')}: Hierarchy separator must be only one character long"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _is_utf8(text: str) -> bool:
    return not re.search("[\udc80-\udcff]", text)


def _prefix(view: View) -> str | None:
    prefix = view.text("namespace_prefix")
    return None if _is_utf8(prefix) else f"Namespace {view.text('namespace_name')}: prefix not valid UTF8: {prefix}"


def _mailbox_name(view: View) -> str | None:
    name = view.text("mailbox_name")
    if _is_utf8(name):
        return None
    why = f"Invalid settings: mailbox {name}: name isn't valid UTF-8"
    if view.schema.number >= HEREDOC:
        why = (
            f"Failed to parse configuration: Invalid setting mailbox_name={name}: "
            "Value contains invalid Unicode code point"
        )
    return f"Failed to get mailbox {name}: mailbox settings (filter=mailbox/{section_escaped(name)}): {why}"


def _attachment_hash(view: View) -> str | None:
    text = view.text("mail_ext_attachment_hash")
    if "/" in text:
        return "mail_attachment_hash setting must not contain '/' characters"
    if error := hash_format_error(text):
        return f"Invalid mail_attachment_hash setting: {error}"
    return "mail_attachment_hash setting must not contain '-' characters" if "-" in text else None


def _server_admin(view: View) -> str | None:
    text = view.text("mail_server_admin")
    error = uri_error(text) if text else ""
    return f"mail_server_admin: '{text}' is not a valid URI: {error}" if error else None


def _list_index_prefix(view: View) -> str | None:
    folder, slash, _ = view.text("mailbox_list_index_prefix").rpartition("/")
    if not slash or folder.startswith("/") or view.text("mail_index_path"):
        return None
    return "mailbox_list_index_prefix directory is relative, but mail_index_path is empty"


def _root_directory_name(view: View) -> str | None:
    found = "/" in view.text("mailbox_root_directory_name")
    return "mailbox_root_directory_name must not contain '/'" if found else None


def _purge_percentage(view: View) -> str | None:
    percentage = number(view, "mail_cache_purge_delete_percentage")
    over = percentage is None or percentage > 100
    return "mail_cache_purge_delete_percentage can't be over 100" if over else None


def _program(key: str, frame: str) -> Check:
    """Return the check that a text without variables for the config process can be expanded later."""

    def check(view: View) -> str | None:
        error = variables_error(view.text(key), strict=view.schema.number >= LATE_VARIABLES)
        return frame + error if error else None

    return check


def _imapc_features(view: View) -> str | None:
    newer = view.schema.number >= HEREDOC
    for word in view.words("imapc_features"):
        name = word if newer else word.lower()
        if name.startswith("throttle:"):
            if not re.fullmatch("[0-9]{1,9}:[0-9]{1,9}:[0-9]{1,9}", word[9:]):
                return "imapc_features: Invalid throttle settings"
        elif name in _OLD_FEATURES and not newer:
            continue
        elif name not in _FEATURES and not (newer and name.startswith("no-") and name[3:].upper() in _CAPABILITIES):
            return f"imapc_features: Unknown feature: {word}"
    return None


_WORKAROUND: Final = "{key}: Unknown workaround: {word}"
_SMTP: Final = ("whitespace-before-path", "mailbox-for-path")
_FEATURES: Final = (
    *("guid-forced", "gmail-migration", "zimbra-workarounds", "proxyauth", "fetch-msn-workarounds", "send-id"),
    *("fetch-fix-broken-mails", "fetch-empty-is-expunged", "no-fetch-size", "no-fetch-headers", "no-search"),
    *("no-examine", "no-modseq", "no-delay-login", "no-fetch-bodystructure", "no-msn-updates", "no-acl"),
)
_OLD_FEATURES: Final = ("no-metadata", "no-qresync")
"""What 2.4.1 has besides; in 2.4.5 ``no-`` and any of the capabilities does it."""
_CAPABILITIES: Final = (
    *("SASL-IR", "LITERAL+", "QRESYNC", "IDLE", "UIDPLUS", "AUTH=PLAIN", "STARTTLS", "X-GM-EXT-1", "CONDSTORE"),
    *("NAMESPACE", "UNSELECT", "ESEARCH", "WITHIN", "QUOTA", "ID", "SAVEDATE", "METADATA", "SORT", "ESORT"),
    *("SORT=DISPLAY", "SEARCH=MIMEPART", "SEARCH=X-MIMEPART", "IMAP4REV1", "IMAP4REV2"),
)
"""``imapc_capability_names`` in src/lib-imap-client/imapc-settings.c."""
_ATTACHMENTS: Final = ("add-flags", "add-flags-on-save", "no-flags-on-fetch", "exclude-inlined")
_NOT_ZERO: Final[tuple[tuple[str, str, Number], ...]] = (
    ("mail_storage", "mailbox_idle_check_interval", ANY),
    ("imapc", "imapc_max_idle_time", ANY),
    ("imapc", "imapc_max_line_length", ANY),
    ("mail_storage", "mail_sort_max_read_count", LATE_VARIABLES),
    ("mail_storage", "mail_vsize_bg_after_count", LATE_VARIABLES),
    ("mail_storage", "mail_cache_max_header_name_length", LATE_VARIABLES),
    ("mail_storage", "mail_cache_max_headers_count", LATE_VARIABLES),
)


def mail_checks() -> Iterator[StructCheck]:
    """Yield the checks."""
    storage = "mail_storage"
    yield StructCheck(storage, ("mail_nfs_index", "mmap_disable", "mail_fsync"), _nfs)
    yield StructCheck(storage, ("pop3_uidl_format",), _program("pop3_uidl_format", "Invalid pop3_uidl_format: "))
    yield StructCheck(storage, ("pop3_uidl_format",), _uidl)
    yield StructCheck(storage, ("mail_cache_max_size",), _cache_size)
    yield StructCheck(storage, ("mail_cache_purge_delete_percentage",), _purge_percentage)
    for key in ("mail_cache_fields", "mail_always_cache_fields", "mail_never_cache_fields"):
        yield StructCheck(storage, (key,), _cache_fields(key))
    for key in ("mailbox_list_visible_escape_char", "mailbox_list_storage_escape_char"):
        yield StructCheck(storage, (key,), _one_character(key))
    yield StructCheck(storage, ("mail_ext_attachment_hash",), _attachment_hash)
    yield StructCheck(storage, ("mail_server_admin",), _server_admin)
    yield StructCheck(storage, ("mailbox_list_index_prefix",), _list_index_prefix)
    yield StructCheck(storage, ("mailbox_root_directory_name",), _root_directory_name)
    option = "{key}: Unknown option: {word}"
    detection = "mail_attachment_detection_options"
    yield StructCheck(storage, (detection,), only(detection, *_ATTACHMENTS, words=option, also="content-type="))
    for struct, key, since in _NOT_ZERO:
        yield StructCheck(struct, (key,), not_zero(key), since)
    yield StructCheck("mail_namespace", ("namespace_separator",), _separator)
    yield StructCheck("mail_namespace", ("namespace_prefix",), _prefix, ANY, LATE_VARIABLES)
    yield StructCheck("mailbox", ("mailbox_name",), _mailbox_name)
    yield from _protocol_checks()


def _protocol_checks() -> Iterator[StructCheck]:
    submission = (*_SMTP, "implicit-auth-external", "exotic-backend")
    for struct, allowed in (
        ("imap", ("delay-newmail", "tb-extra-mailbox-sep", "tb-lsub-flags")),
        ("pop3", ("outlook-no-nuls", "oe-ns-eoh")),
        ("lmtp", _SMTP),
        ("submission", submission),
    ):
        key = f"{struct}_client_workarounds"
        yield StructCheck(struct, (key,), only(key, *allowed, words=_WORKAROUND, any_case=True))
    yield StructCheck("pop3", ("pop3_delete_type", "pop3_deleted_flag"), _delete_type)
    yield StructCheck("pop3", ("pop3_logout_format",), _program("pop3_logout_format", "Invalid pop3_logout_format: "))
    yield StructCheck("lda", ("deliver_log_format",), _program("deliver_log_format", "Invalid deliver_log_format: "))
    elements = "login_log_format_elements"
    yield StructCheck("login", (elements,), _program(elements, ""), LATE_VARIABLES)
    limit = '{key} must not be 0 (did you mean "unlimited"?)'
    yield StructCheck("lmtp", ("lmtp_user_concurrency_limit",), not_zero("lmtp_user_concurrency_limit", limit))
    unknown = "{key}: Unknown feature: {word}"
    yield StructCheck("imapc", ("imapc_features",), _imapc_features)
    pop3c = only("pop3c_features", "no-pipelining", words=unknown, any_case=True)
    yield StructCheck("pop3c", ("pop3c_features",), pop3c)
