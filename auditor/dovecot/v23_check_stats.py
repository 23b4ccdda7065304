"""The checks of ``metric`` and ``event_exporter`` (src/stats/stats-settings.c of 2.3.19.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.dovecot.event_filter import filter_error
from auditor.dovecot.v23_view import is_uint, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX: Final = 2**63 - 1
"""The largest ``intmax_t``."""
_TIMES: Final = ("time-rfc3339", "time-unix")


def check_exporter(name: str, form: str, transport: str, arguments: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with an exporter, and the key it is about; the daemon tells the first only."""
    if not name:
        yield "Exporter name can't be empty", "name"
    elif not form:
        yield "Exporter format name can't be empty", "format"
    elif form not in ("none", "json", "tab-text"):
        yield f"Unknown exporter format '{form}'", "format"
    elif not transport:
        yield "Exporter transport name can't be empty", "transport"
    elif transport not in ("drop", "http-post", "log"):
        yield f"Unknown transport type '{transport}'", "transport"
    else:
        words = [word for word in arguments.split(" ") if word]
        unknown = next((word for word in words if word not in _TIMES), None)
        if unknown:
            yield f"Unknown exporter format arg: {unknown}", "format_args"
        elif len(set(words)) > 1:
            yield f"Exporter '{name}' specifies multiple time format args", "format_args"
        elif not words and form != "none":
            yield f"{form} exporter format requires a time-* argument", "format_args"


def check_metric(name: str, event_filter: str, group_by: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a metric, and the key it is about; the daemon tells the first only."""
    if not name:
        yield "Metric name can't be empty", "metric_name"
    elif not event_filter:
        yield f"metric {name} {{ filter }} is empty - will not match anything", "filter"
    elif error := filter_error(event_filter, "2.3"):
        yield error, "filter"
    else:
        for word in words_of(group_by, " "):
            message = _group_by_error(word)
            if message:
                yield message, "group_by"
                return


def check_old_metric(name: str, source_location: str) -> Iterator[tuple[str, str]]:
    """Yield the same for a metric of a release before 2.3.13, which has ``filter`` as a block."""
    _, separator, number = source_location.partition(":")
    if not name:
        yield "Metric name can't be empty", "name"
    elif source_location and not separator:
        yield "source_location is missing ':'", "source_location"
    elif source_location and not is_uint(number, 1):
        yield "source_location has invalid line number after ':'", "source_location"


def _group_by_error(word: str) -> str:
    field, *parts = word.split(":")
    if not parts:
        return ""
    function, *arguments = parts
    if function == "discrete":
        return "group_by 'discrete' aggregate function does not take any args" if arguments else ""
    if function not in ("exponential", "linear"):
        return f"unknown aggregation function '{function}' on field '{field}'"
    numbers = [int(one) for one in arguments if re.fullmatch(r"-?[0-9]{1,30}", one) and -_MAX - 1 <= int(one) <= _MAX]
    if not len(arguments) == len(numbers) == 3:
        return f"group_by '{function}' aggregate function takes 3 int args"
    least, most, other = numbers
    if least < 0 or most < 0 or other < 0:
        return f"group_by '{function}' aggregate function arguments must be >= 0"
    if least >= most:
        return f"group_by '{function}' aggregate function min must be < max ({least} must be < {most})"
    if function == "exponential" and other not in (2, 10):
        return f"group_by 'exponential' aggregate function base must be one of: 2, 10 (base={other})"
    if function == "linear" and not other:
        # The daemon divides by it and crashes.
        return "group_by 'linear' aggregate function step must not be 0"
    if function == "linear" and most < least + other <= _MAX:
        return f"group_by 'linear' aggregate function min+step must be <= max ({least + other} must be <= {most})"
    return ""
