"""What stopped a part of an audit, told without any value."""

from __future__ import annotations

from typing import NamedTuple


class Failure(NamedTuple):
    """Something that stopped a part of the audit: an unreadable main file, or an error of mailaudit itself.

    ``internal`` tells the second from the first. The message never holds a value, so that no secret can be in it.
    """

    message: str
    path: str = ""
    rule: str = ""
    internal: bool = False

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def internal_error(error: BaseException, what: str, *, path: str = "", rule: str = "") -> Failure:
    """Return the report of an exception: its type and place, not its text, which may hold a value."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename.rpartition("/")[2]
        place = f" at {name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return Failure(f"{what} failed with {type(error).__name__}{place}", path, rule, internal=True)
