"""From a main file to what it means, in the dialect that it is written in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from auditor.dovecot.dialect import version_of
from auditor.dovecot.v23_table import numbers
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


def read_upgraded(
    host: Host, main_name: str, version: str, installed: tuple[str, str] | None
) -> Configuration | Unreadable:
    """Return what a main file means to a version that the user names, with what it means to the one it is written for.

    The latter is ``older`` of the result; None when that version is not before the one that is named. ``installed`` is
    the version that the host's packages tell, and which do: within a dialect only they tell that the files belong to
    another version.
    """
    main = host.read_text(main_name)
    if isinstance(main, Unreadable):
        return main
    told, told_by = version_of(main)
    known = installed is not None and _is_2_4(installed[0]) == _is_2_4(told)
    own, own_from = installed if installed and known else (told, told_by)
    same_dialect = _is_2_4(own) == _is_2_4(version)
    older = None
    if numbers(own) < numbers(version) and (known or not same_dialect):
        older = read_dovecot(host, main_name, own, own_from)
    if older is None or isinstance(older, Unreadable):
        return read_dovecot(host, main_name, version, "option")
    from auditor.dovecot import v24_older

    if not same_dialect:
        return v24_older.interpret(host, main, version, older)
    configuration = read_dovecot(host, main_name, version, "option")
    if not isinstance(configuration, Unreadable):
        configuration.older = v24_older.Older(older)
    return configuration


def _is_2_4(version: str) -> bool:
    number = re.match(r"(\d{1,9})\.(\d{1,9})", version)
    return number is not None and (int(number[1]), int(number[2])) >= (2, 4)
