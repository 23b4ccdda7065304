"""The output and the status of a monitoring plug-in, for Nagios, Icinga and their kin.

Source: the Monitoring Plugins Development Guidelines: status 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN; one line with
performance data behind a ``|``, then more lines.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.report.places import first_place
from auditor.text import escaped, shortened

if TYPE_CHECKING:
    from auditor.audit import Audit
    from auditor.finding import Finding

LISTED: Final = 20
"""Findings that are listed; plug-in output is cut after some kilobytes."""
MAX_LINE: Final = 200


class Status(IntEnum):
    """What a plug-in says, as its exit status."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


def status(audit: Audit, fail_on: Severity, *, strict: bool = False) -> Status:
    """Return CRITICAL for findings of severity high and worse, WARNING for others from ``fail_on`` up.

    It is UNKNOWN where something could not be read; where something could not be checked, if that is to fail.
    """
    failing = audit.at_least(fail_on)
    if audit.failures or not audit.read_something:
        return Status.UNKNOWN
    if any(finding.severity.rank <= Severity.HIGH.rank for finding in failing):
        return Status.CRITICAL
    if failing:
        return Status.WARNING
    return Status.UNKNOWN if strict and audit.not_checked else Status.OK


def render(audit: Audit, threshold: Severity, outcome: Status) -> str:
    """Return the output for a status, with the findings from a severity up listed below the first line."""
    shown, counts = audit.at_least(threshold), audit.counts
    listed = [f"{count} {one.value}" for one, count in counts.items() if count]
    text = ", ".join(listed) or "no findings"
    if audit.findings:
        text += f" (worst: {audit.findings[0].rule})"
    if audit.failures:
        text = f"{len(audit.failures)} not readable, {text}"
    elif not audit.read_something:
        text = "no Dovecot or Postfix configuration found"
    elif audit.not_checked and not listed:
        text += f", {len(audit.not_checked)} not checked"
    numbers = [_number(one, count) for one, count in counts.items()]
    numbers += [f"not_checked={len(audit.not_checked)};;;0", f"suppressed={len(audit.suppressed)};;;0"]
    lines = [f"{_head(outcome, text)} | {' '.join(numbers)}"]
    lines += [_line(str(failure)) for failure in audit.failures[:LISTED]]
    lines += [_finding(finding, audit) for finding in shown[:LISTED]]
    if len(shown) > LISTED:
        lines.append(f"and {len(shown) - LISTED} more")
    return "".join(f"{line}\n" for line in lines)


def unknown(text: str) -> str:
    """Return the output when there is no audit to speak of."""
    return f"{_head(Status.UNKNOWN, text)}\n"


def _head(outcome: Status, text: str) -> str:
    return _line(f"MAILAUDIT {outcome.name} - {text}")


def _number(severity: Severity, count: int) -> str:
    """Return ``label=value;warn;crit;min``: an alert is raised above the thresholds."""
    if severity is Severity.INFO:
        return f"info={count};;;0"
    return f"{severity.value}={count};;0;0" if severity.rank <= Severity.HIGH.rank else f"{severity.value}={count};0;;0"


def _finding(finding: Finding, audit: Audit) -> str:
    place = first_place(finding, audit)
    return _line(f"{finding.severity.value}: {finding.rule} at {place.path}:{place.line}: {finding.message}")


def _line(text: str) -> str:
    """Return one line without the bar that begins performance data."""
    return shortened(escaped(" ".join(text.split())).replace("|", "/"), MAX_LINE)
