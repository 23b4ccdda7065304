"""What to write in 2.4 instead of a line of 2.2 or 2.3.

Source of what becomes what: ``auditor/data/dovecot-upgrade.json``; of the parts of mail_location
``mailbox_list_settings_parse_full`` (src/lib-storage/mailbox-list.c), of Sieve's and quota's values the upgrade tables
and plugin pages of dovecot/documentation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.dovecot.upgrade_table import upgrade_table
from auditor.dovecot.v23_obsolete import oldest_ssl_version
from auditor.dovecot.v23_percent import converted
from auditor.dovecot.v23_secrets import is_secret
from auditor.dovecot.v24_databases import SQL, database_args, fields
from auditor.dovecot.v24_older import section_of
from auditor.dovecot.v24_words import HIDDEN, shown, ticked
from auditor.syntax.dovecot import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.dovecot.upgrade_table import Entry
    from auditor.dovecot.v24_older import OldLine
    from auditor.syntax.dovecot import Statement


class Conversion(NamedTuple):
    """What becomes of a line: ``new`` names the settings that replace it, ``advice`` spells the edit out."""

    new: tuple[str, ...] = ()
    advice: str = ""
    gone: bool = False
    """Nothing replaces it; the advice says why."""


def new_value(line: OldLine) -> str:
    """Return a line's value in 2.4's words, fit for showing."""
    key = line.statement.key
    if is_secret(key) and line.statement.kind is not Kind.FILE:
        return HIDDEN
    return shown(without_references(converted(line.statement.value, key, owner=owner_of(line)).text, line.statement))


def without_references(value: str, statement: Statement) -> str:
    """Return a value with ``$name`` spelled ``$SET:name`` where the line has references."""
    if statement.kind is not Kind.VARIABLE:
        return value
    return " ".join(f"$SET:{word[1:]}" if is_reference(word) else word for word in value.split())


def is_reference(word: str) -> bool:
    """Whether 2.3 replaces a word by the value of a setting; ``$ENV:`` means the same in both."""
    return len(word) > 1 and word.startswith("$") and not word.startswith(("$ENV:", "$SET:"))


def owner_of(line: OldLine) -> str:
    """Return the table for ``%%u`` in a line: a shared namespace has it in its prefix and its location."""
    if section_of(line) != "namespace" or not line.inside or line.inside.value("type") != "shared":
        return ""
    return "owner_prefix" if line.statement.key == "prefix" else "owner"


def conversion(line: OldLine) -> Conversion | None:
    """Return what becomes of a setting that 2.4 does not know, None where nothing is known."""
    section, key = section_of(line), line.statement.key
    table = upgrade_table()
    if section == "dict":
        return Conversion(("dict_server", "dict"), _dict_entry(line))
    entry = table.entry(section, key) or (table.entry("", key) if section else None)
    if entry is None:
        return None
    convert = _BY.get(entry.by)
    if convert:
        return Conversion(entry.new, convert(line))
    if not entry.write:
        note = entry.note.replace("{value}", new_value(line))
        return Conversion(entry.new, note, gone=not entry.new)
    return Conversion(entry.new, _written(entry, line))


def _written(entry: Entry, line: OldLine) -> str:
    value = line.statement.value
    if entry.values:
        value = entry.values.get(value.lower(), value)
        if not value:
            return entry.note or "remove the line: this is how 2.4 does it without"
    else:
        value = new_value(line)
    negated = {"yes": "no", "y": "no", "1": "no", "no": "yes"}.get(line.statement.value.lower(), "yes or no")
    filled = entry.write
    for name, text in (("{path}", value), ("{not}", negated), ("{value}", value)):
        filled = filled.replace(name, text)
    where = f" inside a `{entry.inside}` block" if entry.inside else ""
    return f"write {ticked(filled.splitlines())}{where}" + (f"; {entry.note}" if entry.note else "")


def _mail_location(line: OldLine) -> str:
    """Take ``maildir:~/Maildir:INDEX=/x`` apart; ``::`` is a colon."""
    value = converted(line.statement.value, "mail_location", owner=owner_of(line)).text
    parts = [part.replace("\0", ":") for part in value.replace("::", "\0").split(":")]
    lines = []
    if re.fullmatch("[a-z0-9]+", parts[0]) and len(parts) > 1:
        lines.append(f"mail_driver = {parts.pop(0)}")
    if parts[0]:
        lines.append(f"mail_path = {shown(parts[0])}")
    for part in parts[1:]:
        key, sign, text = part.partition("=")
        new = upgrade_table().location.get(key)
        if new is None:
            continue
        lines.append(f"{new} = {shown(text)}" if sign else new)
        if key == "FULLDIRNAME":
            lines.append("mailbox_directory_name_legacy = no")
    return f"write {ticked(lines)}" if lines else "remove the line: 2.4 needs no empty one"


def _dict_entry(line: OldLine) -> str:
    """Take ``quota = mysql:/etc/dovecot/quota.conf.ext`` apart."""
    driver, _, rest = line.statement.value.partition(":")
    name = shown(line.statement.key)
    if driver in SQL:
        return (
            f"write `driver = sql` inside `dict {name}` of `dict_server`, `sql_driver = {driver}` and the settings of "
            f"{shown(rest)}: 2.4 reads no such files"
        )
    return f"write `driver = {shown(driver)}` inside `dict {name}` of `dict_server`"


def _ssl_protocols(line: OldLine) -> str:
    oldest = oldest_ssl_version(line.statement.value)
    return f"write `ssl_min_protocol = {oldest or 'TLSv1.2'}`"


def _quota(line: OldLine) -> str:
    driver, _, rest = line.statement.value.partition(":")
    name = rest.partition(":")[0] or "User quota"
    if driver in ("dict", "dirsize"):
        return f'write `driver = count` inside a `quota "{shown(name)}"` block: the {driver} driver is gone'
    return f'write `driver = {shown(driver)}` inside a `quota "{shown(name)}"` block'


def _quota_rule(line: OldLine) -> str:
    """Take ``*:storage=1G:messages=100`` apart; a rule for one mailbox adds to the limit, or multiplies it."""
    mailbox, _, limits = line.statement.value.replace("%%", "%").partition(":")
    lines = []
    for limit in limits.split(":"):
        name, _, value = limit.partition("=")
        if name in ("storage", "bytes") and value.startswith("+") and value.endswith("%") and value[1:-1].isdigit():
            lines.append(f"quota_storage_percentage = {100 + int(value[1:-1][:9])}")
        elif name in ("storage", "bytes"):
            lines.append(f"quota_storage_{'extra' if value.startswith('+') else 'size'} = {shown(value.lstrip('+'))}")
        elif name == "messages":
            lines.append(f"quota_message_count = {shown(value.lstrip('+'))}")
        elif name == "ignore":
            lines.append("quota_ignore = yes")
    if not lines:
        return "write quota_storage_size or quota_message_count"
    where = "" if mailbox in ("*", "") else f' inside a `mailbox "{shown(mailbox)}"` block of the namespace'
    return f"write {ticked(lines)}{where}"


def _sieve(line: OldLine) -> str:
    """Take ``file:~/sieve;active=~/.dovecot.sieve`` apart; a path alone is the active script's."""
    value = converted(line.statement.value).text
    path, *options = value.removeprefix("file:").split(";")
    active = next((one.partition("=")[2] for one in options if one.startswith("active=")), "")
    if value.startswith(("dict:", "ldap:")):
        return "write a `sieve_script personal` block with a driver of its own"
    if not value.startswith("file:"):
        lines = [f"active_path = {shown(path)}"]
    else:
        lines = [f"path = {shown(path)}", *([f"active_path = {shown(active)}"] if active else [])]
    return f"write {ticked(lines)} inside a `sieve_script personal` block"


_BY: Final[dict[str, Callable[[OldLine], str]]] = {
    "mail_location": _mail_location,
    "ssl_protocols": _ssl_protocols,
    "quota": _quota,
    "quota_rule": _quota_rule,
    "sieve": _sieve,
    "database_args": database_args,
    "fields": fields,
}
