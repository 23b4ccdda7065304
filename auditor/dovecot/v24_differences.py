"""What 2.4 reads differently without a word in lines that are written for 2.2 or 2.3.

Tried on doveconf 2.4.1 and 2.4.5: ``$name`` and ``%u`` load and are plain text. What is gone is in
docs/installation/upgrade/include/2.4-removed-*.inc (dovecot/documentation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.dovecot.upgrade_table import upgrade_table
from auditor.dovecot.v23_percent import converted
from auditor.dovecot.v24_conversion import is_reference, new_value, owner_of
from auditor.dovecot.v24_older import section_of
from auditor.dovecot.v24_schema import Type, schema_of
from auditor.dovecot.v24_words import shown, ticked
from auditor.finding import Severity
from auditor.syntax.dovecot import Kind

if TYPE_CHECKING:
    from auditor.dovecot.v24_older import OldLine, OldSection

_LOGS: Final = ("_log_prefix", "_log_format", "_log_format_elements", "_logout_format", "login_greeting", "rawlog_dir")
"""Settings that only change what is written to logs or said in greetings."""


class Difference(NamedTuple):
    """What a line comes to in 2.4, and what to write."""

    what: str
    advice: str
    severity: Severity


def difference(line: OldLine, version: str) -> Difference | None:
    """Return how 2.4 reads a line that it takes, None where it reads it the same."""
    if line.statement.kind not in (Kind.SETTING, Kind.VARIABLE):
        return None
    found = [one for one in (_references(line, version), _variables(line), _gone(line)) if one]
    if not found:
        return None
    whats = "; ".join(one.what for one in found)
    advice = "; ".join(dict.fromkeys(one.advice for one in found))
    return Difference(whats, advice, min((one.severity for one in found), key=lambda severity: severity.rank))


def _references(line: OldLine, version: str) -> Difference | None:
    """``$name`` is plain text in 2.4."""
    words = line.statement.value.split()
    references = [word for word in words if is_reference(word)]
    if line.statement.kind is not Kind.VARIABLE or not references:
        return None
    what = f"{shown(references[0])} is plain text"
    definition = schema_of(version).settings.get(line.statement.key)
    severity = Severity.HIGH
    if definition and definition.type is Type.BOOLLIST:
        own = [word for word in words if not is_reference(word)]
        gone = upgrade_table().gone.get(line.statement.key, {})
        lines = [f"{shown(word)} = yes" for word in own if word not in gone]
        key = shown(line.statement.key)
        if not lines:
            return Difference(what, "remove the line: nothing is left of it", severity)
        each = ", each on a line of its own" if len(lines) > 1 else ""
        return Difference(
            what, f"write a block `{key} {{` with {ticked(lines)}{each}: it adds to what is set", severity
        )
    return Difference(what, f"write `{shown(line.statement.key)} = {new_value(line)}`", severity)


def _variables(line: OldLine) -> Difference | None:
    """One-letter variables are plain text in 2.4, and some others have new names."""
    key, value = line.statement.key, line.statement.value
    section = section_of(line)
    if key not in upgrade_table().expanded and section != "plugin":
        return None
    new = converted(value, key, owner=owner_of(line))
    if not new.old and not new.unknown:
        return None
    severity = Severity.LOW if key.endswith(_LOGS) else Severity.HIGH
    short = [one for one in new.old + new.unknown if "{" not in one]
    what = f"{short[0]} is plain text" if short else f"{shown(new.old[0])} is not known any more"
    advice = f"write `{shown(key)} = {new_value(line)}`" if new.old else ""
    if new.unknown:
        nothing = f"nothing is known to replace {', '.join(new.unknown)}"
        advice = f"{advice}; {nothing}" if advice else nothing
    return Difference(what, advice, severity)


def _gone(line: OldLine) -> Difference | None:
    """Return what a line names that 2.4 has no more: the driver of a database, a plugin of mail processes."""
    key, value, section = line.statement.key, line.statement.value, section_of(line)
    gone = upgrade_table().gone
    if key == "driver" and value in gone.get(section, {}):
        return Difference(f"there is no {section} driver {value} any more", gone[section][value], Severity.HIGH)
    if key == "ssl_min_protocol" and value == "SSLv3":
        return Difference("there is no SSLv3 any more", "write `ssl_min_protocol = TLSv1.2`", Severity.HIGH)
    if key == "mail_plugins" and section != "plugin":
        lost = [word for word in value.split() if word in gone[key]]
        if lost:
            what = f"there is no plugin {' or '.join(lost)} any more"
            return Difference(what, "; ".join(f"{word}: {gone[key][word]}" for word in lost), Severity.HIGH)
    return None


def gone_service(section: OldSection) -> str:
    """Return what replaces a service that 2.4 has no more, empty for all others."""
    if section.kind != "service" or section.outer:
        return ""
    return upgrade_table().gone["services"].get(section.statement.name, "")
