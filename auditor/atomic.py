"""Writing a file as a whole, so that nobody ever reads a part of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def write_whole(file: Path, data: bytes, prepare: Callable[[int], None]) -> None:
    """Write a new file beside the old one and put it into its place.

    ``prepare`` gets the descriptor of the new file, still empty, to give it the mode and whatever else the old one has.
    Raises OSError, also what ``prepare`` raises, and leaves nothing behind then.
    """
    # A name that collectors of *.prom, and the includes of Dovecot, do not look for.
    new = file.with_name(f".{file.name}.{os.getpid()}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    with os.fdopen(descriptor, "wb") as stream:
        try:
            prepare(stream.fileno())
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            new.replace(file)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
