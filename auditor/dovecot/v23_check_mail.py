"""The checks of mail settings, namespaces and mailboxes.

Follows ``mail_storage_settings_check``, ``namespace_settings_check`` and ``mailbox_settings_check`` in
src/lib-storage/mail-storage-settings.c, and those of imapc, pop3 and director (2.3.19.1).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v23_view import View, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.dovecot.v23_blocks import Value
    from auditor.finding import Problem

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
            if name.lower().startswith("hdr.") and not re.fullmatch(r"[!-9;-~]+", name[4:]):
                yield view.problem(f"Invalid {key}: {name} is not a valid header name", None, key)


def _check_attachments(view: View) -> Iterator[Problem]:
    for character in "/-":
        if character in view.text("mail_attachment_hash"):
            message = f"mail_attachment_hash setting must not contain '{character}' characters"
            yield view.problem(message, None, "mail_attachment_hash")
    for option in words_of(view.text("mail_attachment_detection_options"), " "):
        known = ("add-flags", "add-flags-on-save", "no-flags-on-fetch", "exclude-inlined")
        if option not in known and not option.startswith("content-type="):
            message = f"mail_attachment_detection_options: Unknown option: {option}"
            yield view.problem(message, None, "mail_attachment_detection_options")


def _check_uidl(view: View) -> Iterator[Problem]:
    text = view.text("pop3_uidl_format")
    names = [match[1] for match in re.finditer(r"%[-0-9.]*(?:[LUETHRXMN][0-9.]*)*([^%]|%)", text)]
    unknown = next((name for name in names if name not in "vumfg%"), None)
    if unknown:
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
        alias = block.values.get("alias_for")
        if alias and view.text("disabled", block) != "yes":
            if alias.effective not in aliases:
                message = f"Namespace '{prefix}': alias_for points to unknown namespace: {alias.effective}"
                yield view.problem(message, block, "alias_for")
            elif (chained := aliases[alias.effective]) is not None:
                message = (
                    f"Namespace '{prefix}': alias_for chaining isn't allowed: {alias.effective} -> {chained.effective}"
                )
                yield view.problem(message, block, "alias_for")
        for mailbox in block.blocks.get("mailbox", []):
            for use in words_of(view.text("special_use", mailbox), " "):
                if use[:1] != "\\" or use[1:].lower() not in _SPECIAL_USES:
                    yield view.problem(f"mailbox {mailbox.name}: unknown special_use: {use}", mailbox, "special_use")
                    break
