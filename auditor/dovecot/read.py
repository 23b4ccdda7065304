"""From a main file to what it means, in the dialect that it is written in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from auditor.dovecot.dialect import version_of
from auditor.host import Unreadable

if TYPE_CHECKING:
    from auditor.dovecot.configuration import Configuration
    from auditor.host import Host


def read_dovecot(
    host: Host, main_name: str, version: str | None = None, version_from: str = ""
) -> Configuration | Unreadable:
    """Return what a main file and its includes mean, or why the main file cannot be read.

    The version decides the dialect; without one it is what the file tells.
    """
    main = host.read_text(main_name)
    if isinstance(main, Unreadable):
        return main
    if version is None:
        version, version_from = version_of(main)
    if _is_2_4(version):
        from auditor.dovecot import v24

        return v24.interpret(host, main, version, version_from)
    from auditor.dovecot import v23

    return v23.interpret(host, main, version, version_from)


def _is_2_4(version: str) -> bool:
    number = re.match(r"(\d{1,9})\.(\d{1,9})", version)
    return number is not None and (int(number[1]), int(number[2])) >= (2, 4)
