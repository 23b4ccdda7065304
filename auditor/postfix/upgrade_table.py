"""What later versions of Postfix deprecate and remove, and what changed defaults do.

The table is ``auditor/data/postfix-upgrade.json``. Its ``source`` names where it is from.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from auditor.packaged import table

if TYPE_CHECKING:
    from collections.abc import Mapping


class UpgradeTable(NamedTuple):
    """The whole table.

    ``deprecated`` holds the version that warns of a parameter and the one to use instead; ``restrictions`` the version
    that warns, the one that has it no more (or nothing), and what to use; ``defaults`` what a change does.
    """

    deprecated: Mapping[str, tuple[str, str]]
    restrictions: Mapping[str, tuple[str, str, str]]
    defaults: Mapping[str, str]


@cache
def upgrade_table() -> UpgradeTable:
    """Return the table."""
    data = table("postfix-upgrade")
    return UpgradeTable(
        {name: (since, instead) for name, (since, instead) in data["deprecated"].items()},
        {name: (since, gone, instead) for name, (since, gone, instead) in data["restrictions"].items()},
        data["defaults"],
    )
