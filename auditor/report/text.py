"""The report for people: one block a finding, then what was not checked, what was read, and a summary."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from auditor.report.frame import frames, note
from auditor.report.lines import Line, line, paragraph
from auditor.rule import documentation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.audit import Audit
    from auditor.finding import Baseline, Finding, NotChecked, Severity, Suppressed
    from auditor.rule import AnyRule
    from auditor.text import SourceFile

MAX_LISTED: Final = 40
"""Things listed under one reason why they were not checked."""
_ASSUMED: Final = "assumed"


def report(audit: Audit, threshold: Severity, width: int) -> Iterator[Line]:
    """Yield the lines of the report with the findings from a severity up."""
    untold = {rule.name: rule for rule in audit.rules}
    for finding in audit.at_least(threshold):
        yield from finding_lines(finding, finding.advice or _mend(untold.pop(finding.rule, None)), width)
        yield ()
    yield from _suppressed(audit.suppressed, width)
    yield from _gone(audit.baseline, width)
    yield from _not_checked(audit.not_checked, width)
    yield from _what_was_read(audit, width)
    yield from paragraph(summary(audit, threshold), width, style="strong")


def _mend(rule: type[AnyRule] | None) -> str:
    return documentation(rule).get("How to mend it", "") if rule else ""


def summary(audit: Audit, threshold: Severity) -> str:
    """Return the sentence that counts what was found."""
    parts = [f"{count} {severity.value}" for severity, count in audit.counts.items() if count]
    hidden = len(audit.findings) - len(audit.at_least(threshold))
    text = _counted(len(audit.findings), "finding") + (f" ({', '.join(parts)})" if parts else "")
    if hidden:
        text += f", {hidden} of them below {threshold.value} and not shown"
    by_comment = sum(one.place is not None for one in audit.suppressed)
    text += f"; {by_comment} suppressed" if by_comment else ""
    text += f"; {len(audit.suppressed) - by_comment} known from the baseline" if audit.baseline else ""
    text += f"; {_counted(len(audit.not_checked), 'thing')} not checked" if audit.not_checked else ""
    text += f"; {_counted(len(audit.failures), 'error')}" if audit.failures else ""
    safe = [finding.fix.safe for finding in audit.at_least(threshold) if finding.fix]
    text += f"; {safe.count(True)} may be mended by --fix, --diff shows how" if any(safe) else ""
    text += f"; {safe.count(False)} may be mended by --unsafe-fixes" if not all(safe) else ""
    return text + "."


def _counted(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def finding_lines(finding: Finding, advice: str, width: int) -> Iterator[Line]:
    """Yield a finding with its frames, and with an advice unless that is empty."""
    severity = finding.severity.value
    head = line((severity, severity), (f"[{finding.rule}]", "strong"), ": ")
    yield from paragraph(finding.message, width, head, "    ", style="strong")
    yield from frames(finding.locations, width)
    gutter = len(str(max((one.span.end_line for one in finding.locations if one.span), default=1)))
    if advice:
        yield from note("how to mend", advice, gutter, width)


def _suppressed(entries: Sequence[Suppressed], width: int) -> Iterator[Line]:
    """Yield what comments suppress; what a baseline does is only counted."""
    entries = [entry for entry in entries if entry.place]
    if not entries:
        return
    yield line(("Suppressed", "strong"))
    for entry in entries:
        until = f" (until {entry.until})" if entry.until else ""
        place = entry.finding.primary
        where = f"{place.path}:{place.span.line}" if place.span else place.path
        head = line("  ", (f"[{entry.finding.rule}]", "strong"), " ")
        yield from paragraph(f"{where}: {entry.reason}{until}", width, head, "    ", style="faint")
    yield ()


def _gone(baseline: Baseline | None, width: int) -> Iterator[Line]:
    if baseline is None or not baseline.gone:
        return
    yield line(("No longer found", "strong"))
    yield from paragraph(f"listed in {baseline.path}; --update-baseline drops them:", width, line("  "), "  ")
    for known in baseline.gone[:MAX_LISTED]:
        yield from paragraph(f"[{known.rule}] {known.file}", width, line("    "), "      ", style="faint")
    if len(baseline.gone) > MAX_LISTED:
        yield line(f"    and {len(baseline.gone) - MAX_LISTED} more; the JSON report lists them all")
    yield ()


def _not_checked(entries: Sequence[NotChecked], width: int) -> Iterator[Line]:
    if not entries:
        return
    yield line(("Not checked", "strong"))
    by_reason: dict[str, list[NotChecked]] = {}
    for entry in entries:
        by_reason.setdefault(entry.why, []).append(entry)
    for why, group in by_reason.items():
        yield from paragraph(f"{why}:", width, line("  "), "  ")
        for entry in group[:MAX_LISTED]:
            needed_by = f" (for {', '.join(entry.rules)})" if entry.rules else ""
            yield from paragraph(entry.what + needed_by, width, line("    "), "      ", style="faint")
        if len(group) > MAX_LISTED:
            yield line(f"    and {len(group) - MAX_LISTED} more; the JSON report lists them all")
    yield ()


def _what_was_read(audit: Audit, width: int) -> Iterator[Line]:
    if not audit.read_something:
        return
    yield line(("Read", "strong"))
    for host in audit.hosts:
        for dovecot in host.dovecot:
            title = _version("Dovecot", dovecot.version, dovecot.version_from, "--dovecot-version")
            yield from _instance(title, posixpath.dirname(dovecot.main_file.path), dovecot.files, width)
        for postfix in host.postfix:
            title = _version("Postfix", postfix.version, postfix.version_from, "--postfix-version")
            yield from _instance(title, postfix.path, postfix.files, width)
    if audit.config:
        yield from paragraph(f"Options for mailaudit: {audit.config}", width, line("  "), "  ")
    yield ()


def _version(product: str, version: str, known_from: str, option: str) -> str:
    if known_from in ("", _ASSUMED):
        return f"{product}, read as {version} (assumed; {option} says otherwise)"
    return f"{product} {version} (from {known_from})"


def _instance(title: str, folder: str, files: Sequence[SourceFile], width: int) -> Iterator[Line]:
    yield from paragraph(f"{title} in {folder}:", width, line("  "), "  ")
    names = (file.path.removeprefix(folder.rstrip("/") + "/") for file in files)
    yield from paragraph(", ".join(names), width, line("    "), "    ", style="faint")
