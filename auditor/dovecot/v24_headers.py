"""What becomes of the headers of sections that 2.4 refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.dovecot.v24_words import shown, ticked
from auditor.text import escaped

if TYPE_CHECKING:
    from auditor.dovecot.v24_older import OldLine, OldSection

MAX_NAMES = 20
"""Settings that advice about a plugin block names."""


def header_advice(section: OldSection, taken: list[OldLine]) -> str:
    """Return what to write instead of a section's header, empty where nothing is known.

    ``taken`` are the lines in it that 2.4 takes as they are.
    """
    kind = section.kind
    if kind == "plugin":
        return _plugin(section, taken)
    if kind == "local_name":
        names = [f"local_name {shown(name)} {{" for name in section.statement.name.split()]
        return f"write a block for each name: {ticked(names)}"
    if kind == "dict":
        inner = "; the names in it become `dict NAME` blocks with a driver of their own" if section.lines else ""
        return f"write `dict_server {{`{inner}" if section.lines else "remove the empty block"
    if not section.name or section.name == section.statement.name:
        return ""
    advice = f"write `{kind} {escaped(section.name)} {{`"
    if kind in ("passdb", "userdb") and section.value("driver") not in ("", section.name):
        advice += "; the driver line stays, as the name is not the driver's"
    elif kind == "namespace":
        advice += "; any name will do, clients see the prefix only"
    elif kind == "inet_listener":
        advice += "; any name will do"
    return advice


def _plugin(section: OldSection, taken: list[OldLine]) -> str:
    if not section.lines:
        return "remove the empty block: plugin settings are global in 2.4"
    same = list(dict.fromkeys(escaped(line.statement.key) for line in taken))
    more = " and others" if len(same) > MAX_NAMES else ""
    kept = f" ({', '.join(same[:MAX_NAMES])}{more})" if same else ""
    return f"take the settings out of the block{kept}: they are global in 2.4"
