"""In which dialect a file is written when no version is known: by its header, else by the names it uses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v23_table import global_names
from auditor.syntax.dovecot import Kind, first_setting, modern_lines

if TYPE_CHECKING:
    from auditor.syntax.dovecot import Line
    from auditor.text import SourceFile

NEWEST_2_3: Final = "2.3.21"
"""What a file of the older dialect is read as when nothing tells its version."""
ASSUMED_2_4: Final = "2.4.1"
"""What a file of the newer dialect is read as when nothing tells its version: that of Debian 13."""
CONFIG_VERSION: Final = "dovecot_config_version"

_DUMP: Final = re.compile(r"# (2\.\d+(?:\.\d+){1,2})\b[^\n]*:")
"""The first line that ``doveconf -n`` prints: ``# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf``."""
_NUMBER: Final = re.compile(r"2\.\d{1,3}(?:\.\d{1,3}){0,2}")


def version_of(main: SourceFile) -> tuple[str, str]:
    """Return the version that a main file tells, and what tells it.

    2.4 demands ``dovecot_config_version`` as the first setting (``config_parse_file``, src/config/config-parser.c). A
    file that has it elsewhere, or a value that is still to be filled in, or that uses more names of 2.4 than of 2.3, is
    of 2.4 all the same: what its daemon refuses is then said in that daemon's words.
    """
    first = first_setting(main)
    if first and first[0] == CONFIG_VERSION and _NUMBER.fullmatch(first[1]):
        return first[1], CONFIG_VERSION
    if dump := _DUMP.match(main.text):
        return dump[1], "file header"
    found = list(modern_lines(main))
    is_newer = any(one.key == CONFIG_VERSION for one in found) or _newer_names(found) > 0
    return (ASSUMED_2_4 if is_newer else NEWEST_2_3), "assumed"


def _newer_names(found: list[Line]) -> int:
    """Return by how many names of 2.4 alone the global settings and blocks exceed those of 2.3 alone."""
    names: list[str] = []
    depth = without_name = 0
    for one in found:
        if depth == 0 and one.kind in (Kind.SETTING, Kind.FILE, Kind.VARIABLE, Kind.OPEN):
            names.append(one.key)
        if one.kind in (Kind.OPEN, Kind.GROUP):
            depth += 1
            # 2.3 has passdbs without a name, 2.4 has none.
            without_name += one.kind is Kind.OPEN and one.key in ("passdb", "userdb") and not one.name
        elif one.kind is Kind.CLOSE and depth:
            depth -= 1
    older = global_names(NEWEST_2_3)
    if all(name in older for name in names):
        return 0
    from auditor.dovecot.v24_schema import schema_of

    newer = schema_of(ASSUMED_2_4).settings
    return sum((name in newer) - (name in older) for name in names) - without_name
