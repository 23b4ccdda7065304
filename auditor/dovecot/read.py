"""From a main file to what it means, in the dialect that it is written in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.host import Unreadable
from auditor.syntax.dovecot import first_setting

if TYPE_CHECKING:
    from auditor.dovecot.configuration import Configuration
    from auditor.host import Host
    from auditor.text import SourceFile

NEWEST_2_3: Final = "2.3.21"
"""What a file of the older dialect is read as when nothing tells its version."""
_HEADER: Final = re.compile(r"# (2\.\d+(?:\.\d+){1,2})\b[^\n]*:")
"""The first line that ``doveconf -n`` prints: ``# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf``."""


def read_dovecot(
    host: Host, main_name: str, version: str | None = None, version_from: str = ""
) -> Configuration | Unreadable:
    """Return what a main file and its includes mean, or why the main file cannot be read.

    The version decides the dialect. Without one it is that of the file: ``dovecot_config_version`` as its first setting
    makes it 2.4, as ``config_parse_file`` of 2.4 demands (src/config/config-parser.c).
    """
    main = host.read_text(main_name)
    if isinstance(main, Unreadable):
        return main
    if version is None:
        version, version_from = _version_of(main)
    if _is_2_4(version):
        from auditor.dovecot import v24

        return v24.interpret(host, main, version, version_from)
    from auditor.dovecot import v23

    return v23.interpret(host, main, version, version_from)


def _version_of(main: SourceFile) -> tuple[str, str]:
    """Return the version that a main file tells, and what tells it."""
    first = first_setting(main)
    if first and first[0] == "dovecot_config_version":
        return first[1], "dovecot_config_version"
    header = _HEADER.match(main.text)
    return (header[1], "file header") if header else (NEWEST_2_3, "assumed")


def _is_2_4(version: str) -> bool:
    number = re.match(r"(\d{1,9})\.(\d{1,9})", version)
    return number is not None and (int(number[1]), int(number[2])) >= (2, 4)
