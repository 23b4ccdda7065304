"""The checks of mail settings, namespaces and mailboxes.

Follows ``mail_storage_settings_check``, ``namespace_settings_check`` and ``mailbox_settings_check`` in
src/lib-storage/mail-storage-settings.c, and those of imapc, pop3 and director (2.3.19.1).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.dovecot.hash_methods import HASH_BITS
from auditor.dovecot.v23_view import View, is_uint, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.dovecot.v23_blocks import Block, Value
    from auditor.finding import Problem

_UIDL_KEY: Final = re.compile(r"[0-9-]*+(?:\.[0-9-]*+)?[LUEXRHNMDT]*+(.?)", re.DOTALL)
"""``var_get_key`` of src/lib/var-expand.c: a width, modifiers, a letter."""
_LARGEST_CACHE: Final = 1 << 30
_SPECIAL_USES: Final = frozenset(("all", "archive", "drafts", "flagged", "important", "junk", "sent", "trash"))


def check_mail(view: View) -> Iterator[Problem]:
    """``mail_storage_settings_check`` and the checks of the modules around it."""
    for key in ("mailbox_idle_check_interval", "imapc_max_idle_time"):
        if key in view.table.top and view.text(key) == "0":
            yield view.problem(f"{key} must not be 0", None, key)
    if view.text("mail_nfs_index") == "yes":
        if view.text("mmap_disable") != "yes":
            yield view.problem("mail_nfs_index=yes requires mmap_disable=yes", None, "mail_nfs_index")
        elif view.text("mail_fsync") != "always":
            yield view.problem("mail_nfs_index=yes requires mail_fsync=always", None, "mail_nfs_index")
    if view.bytes("mail_cache_max_size") > _LARGEST_CACHE:
        yield view.problem("mail_cache_max_size can't be over 1 GB", None, "mail_cache_max_size")
    if view.number("mail_cache_purge_delete_percentage") > 100:
        message = "mail_cache_purge_delete_percentage can't be over 100"
        yield view.problem(message, None, "mail_cache_purge_delete_percentage")
    yield from _check_uidl(view)
    yield from _check_attachments(view)
    yield from _check_cached_fields(view)
    if view.text("pop3_delete_type") == "flag" and not view.text("pop3_deleted_flag"):
        yield view.problem("pop3_delete_type=flag, but pop3_deleted_flag not set", None, "pop3_delete_type")
    expire = re.fullmatch(r"(\d) secs|0", view.text("director_user_expire"))
    if expire:
        yield view.problem("director_user_expire is too low", None, "director_user_expire")


def _check_cached_fields(view: View) -> Iterator[Problem]:
    for key in ("mail_cache_fields", "mail_always_cache_fields", "mail_never_cache_fields"):
        for name in words_of(view.text(key)):
            if name.lower().startswith("hdr.") and not re.fullmatch(r"[!-9;-~]*", name[4:]):
                yield view.problem(f"Invalid {key}: {name} is not a valid header name", None, key)


def _check_attachments(view: View) -> Iterator[Problem]:
    message = _hash_error(view.text("mail_attachment_hash"))
    if message:
        yield view.problem(message, None, "mail_attachment_hash")
    for option in words_of(view.text("mail_attachment_detection_options"), " "):
        known = ("add-flags", "add-flags-on-save", "no-flags-on-fetch", "exclude-inlined")
        if option not in known and not option.startswith("content-type="):
            message = f"mail_attachment_detection_options: Unknown option: {option}"
            yield view.problem(message, None, "mail_attachment_detection_options")


def _hash_error(text: str) -> str:
    """``hash_format_init`` of src/lib/hash-format.c, between two checks for single characters."""
    if "/" in text:
        return "mail_attachment_hash setting must not contain '/' characters"
    for match in re.finditer(r"%[BX]?(?:\{([^:}]*)(?::([^}]*))?(\}?)|)", text, re.DOTALL):
        name, bits, end = match.groups()
        size = HASH_BITS.get(name, 0)
        error = ""
        if name is None:
            error = "No '{' after '%'"
        elif not end:
            error = "Missing '}'"
        elif not size:
            error = f"Unknown hash method: {name}"
        elif bits is not None and not (is_uint(bits, least=1) and int(bits) <= size):
            error = f"Invalid :bits number: {bits}"
        elif bits is not None and int(bits) % 8:
            error = f"Currently :bits must be divisible by 8: {bits}"
        if error:
            return f"Invalid mail_attachment_hash setting: {error}"
    return "mail_attachment_hash setting must not contain '-' characters" if "-" in text else ""


def _is_utf8(text: str) -> bool:
    """Whether a text is UTF-8: bytes that are none were read as lone surrogates."""
    return text.isascii() or not any("\ud800" <= one <= "\udfff" for one in text)


def _check_uidl(view: View) -> Iterator[Problem]:
    text = view.text("pop3_uidl_format")
    # The daemon looks for the next variable right behind the %, so that the second one of %% may not begin one.
    names = []
    at = text.find("%")
    while 0 <= at < len(text) - 1:
        match = _UIDL_KEY.match(text, at + 1)
        names.append(match[1] if match else "")
        at = text.find("%", at + 2)
    unknown = next((name for name in names if not name or name not in "vumfg%"), None)
    if unknown is not None:
        yield view.problem(f"Unknown pop3_uidl_format variable: %{unknown}", None, "pop3_uidl_format")
    elif not any(name in "vumfg" for name in names):
        message = "pop3_uidl_format setting doesn't contain any %% variables."
        yield view.problem(message, None, "pop3_uidl_format")


def check_namespaces(view: View) -> Iterator[Problem]:
    """``namespace_settings_check`` and ``mailbox_settings_check``."""
    blocks = view.root.blocks.get("namespace", [])
    aliases: dict[str, Value | None] = {}
    for block in blocks:
        aliases.setdefault(view.text("prefix", block), block.values.get("alias_for"))
    for block in blocks:
        prefix = view.text("prefix", block)
        if len(view.text("separator", block).encode("utf-8", "surrogateescape")) > 1:
            message = f"Namespace '{prefix}': Hierarchy separator must be only one character long"
            yield view.problem(message, block, "separator")
        if not _is_utf8(prefix):
            yield view.problem(f"Namespace prefix not valid UTF8: {prefix}", block, "prefix")
        message = _alias_error(block.values.get("alias_for"), aliases)
        if message and view.text("disabled", block) != "yes":
            yield view.problem(f"Namespace '{prefix}': {message}", block, "alias_for")
        for mailbox in block.blocks.get("mailbox", []):
            yield from _check_mailbox(view, mailbox)


def _alias_error(alias: Value | None, aliases: Mapping[str, Value | None]) -> str:
    """Return what is wrong with an ``alias_for``; ``aliases`` are those of all namespaces by prefix."""
    if alias is None:
        return ""
    if alias.effective not in aliases:
        return f"alias_for points to unknown namespace: {alias.effective}"
    chained = aliases[alias.effective]
    return f"alias_for chaining isn't allowed: {alias.effective} -> {chained.effective}" if chained else ""


def _check_mailbox(view: View, mailbox: Block) -> Iterator[Problem]:
    if not _is_utf8(mailbox.name):
        yield view.problem(f"mailbox {mailbox.name}: name isn't valid UTF-8", mailbox)
    for use in words_of(view.text("special_use", mailbox), " "):
        if use[:1] != "\\" or use[1:].lower() not in _SPECIAL_USES:
            yield view.problem(f"mailbox {mailbox.name}: unknown special_use: {use}", mailbox, "special_use")
            break
