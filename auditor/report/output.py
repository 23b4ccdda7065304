"""Where a report goes: standard output, a terminal in colour, or a file."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Final

import click

from auditor.atomic import write_whole
from auditor.report.lines import WIDTH, plain, print_coloured

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from auditor.report.lines import Line

NARROWEST: Final = 40
WIDEST: Final = 120


def print_lines(
    lines: Callable[[int], Iterator[Line]], output: str | None, audited: Collection[str], *, colour: bool
) -> None:
    """Print lines made for a width: in colour on a terminal that may have it (no-color.org), else plain."""
    if output is not None or not sys.stdout.isatty():
        write(plain(lines(WIDTH)), output, audited)
        return
    width = max(NARROWEST, min(get_terminal_size().columns, WIDEST))
    if not colour or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        write(plain(lines(width)))
    else:
        _to_stdout(lambda: print_coloured(lines(width), sys.stdout))


def write(text: str, output: str | None = None, audited: Collection[str] = ()) -> None:
    """Write a text to standard output, or to a file that is none of those audited.

    Raises click.UsageError when it cannot be written.
    """
    if output is None:
        _to_stdout(lambda: sys.stdout.write(text))
        return
    if os.path.realpath(output) in {os.path.realpath(path) for path in audited}:
        raise click.UsageError(f"writing {output} would overwrite a file that is audited")
    try:
        _write_file(os.path.realpath(output), text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise click.UsageError(f"cannot write {output}: {(error.strerror or '').lower()}") from error


def _write_file(path: str, data: bytes) -> None:
    """Write a file as a whole; what is no regular file, such as a pipe, as it is."""
    file = Path(path)
    if file.exists() and not file.is_file():
        file.write_bytes(data)
        return

    def keep_mode(new: int) -> None:
        if file.exists():
            os.fchmod(new, stat.S_IMODE(file.stat().st_mode))

    write_whole(file, data, keep_mode)


def _to_stdout(send: Callable[[], object]) -> None:
    try:
        send()
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has seen enough, as in `mailaudit | head -1`; the flush at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.UsageError(f"cannot write the report: {(error.strerror or '').lower()}") from error
