"""What may have been meant where Dovecot 2.2 and 2.3 refuse a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.dovecot.upgrade_table import upgrade_table
from auditor.dovecot.v23_blocks import Block
from auditor.dovecot.v23_table import history_of
from auditor.text import similar

if TYPE_CHECKING:
    from auditor.dovecot.v23_blocks import Place
    from auditor.dovecot.v23_table import Table
    from auditor.syntax.dovecot import Statement


def advice_for(statement: Statement, table: Table | None = None, version: str = "", place: Place | None = None) -> str:
    """Return what to do about a line in error; empty when nothing sensible comes to mind."""
    if table:
        return _unknown(statement, table, version, place)
    text = statement.text
    if text.startswith("\ufeff"):
        return "the file begins with a byte order mark, which Dovecot takes for text; save it without"
    if statement.message == "Garbage after '{'":
        return "write each setting on a line of its own, and the closing } on another"
    if text == "{":
        return "the { must stand at the end of the line that names the section"
    if text.startswith("}"):
        return "a } must stand on a line of its own"
    if text.endswith("{") and not text[:-1].endswith((" ", "\t")):
        return "put a blank before the {"
    if "=" not in text and "{" not in text:
        return "a setting needs a = between name and value"
    return ""


def _unknown(statement: Statement, table: Table, version: str, place: Place | None) -> str:
    key = statement.key[:100]
    if key == "dovecot_config_version":
        return f"this is a configuration for Dovecot 2.4, read as {table.version} would"
    section = place.section if isinstance(place, Block) else ""
    old = upgrade_table().old_name(section.rpartition("/")[2], key)
    if old:
        return f"{key} is a name of Dovecot 2.4; {table.version} has {old}"
    if not section and (history := history_of(key, version)):
        return history.told(key, version)
    if near := similar(key, table.sections[section], 0.75):
        return f"did you mean {near}?"
    if section and key in table.top:
        return f"{key} is a global setting: is the }} of the section above missing?"
    homes = [name for name, settings in table.sections.items() if name and key in settings]
    if not section and homes:
        return f"{key} belongs into a {homes[0].rpartition('/')[2]} section"
    return ""
