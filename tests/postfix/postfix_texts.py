"""Reads Postfix's files from texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.host import Host, Mount
from auditor.postfix.read import read_postfix

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.postfix.configuration import Configuration, Service


def read(
    folder: Path,
    main: str | None = "",
    master: str | None = "",
    *,
    version: str | None = "3.7.11",
    source: str = "dpkg",
) -> Configuration:
    """Write the two files into a folder, which stands for /etc/postfix, and return what they mean."""
    for name, text in (("main.cf", main), ("master.cf", master)):
        if text is not None:
            (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    return read_postfix(Host((Mount("/etc/postfix", str(folder)),)), "/etc/postfix", version, source)


def service(configuration: Configuration, name: str) -> Service:
    """Return the first service of a name."""
    return next(one for one in configuration.services if one.service == name)
