"""What comes of an audit: the report in the format that is wanted, and the exit status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from auditor.command import FINDINGS, OK, audited_files, complain, print_report, say, status_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.audit import Audit
    from auditor.finding import Severity

WITHOUT_GAPS: Final = ("gitlab", "checkstyle")
"""Formats that have no place for what was not checked."""
PLUGIN: Final = "nagios"
"""The format that has a status of its own."""
UNKNOWN: Final = 3
"""A plug-in's status where there is nothing to say."""


def report(result: Audit, paths: Sequence[str], options: dict[str, Any]) -> int:
    """Write the report of an audit of some paths and return the exit status."""
    from auditor.finding import Severity

    shown, fail_on = Severity(options["severity"]), Severity(options["fail_on"])
    if options["form"] == PLUGIN:
        return _as_plugin(result, shown, fail_on, options)
    if options["form"] != "text":
        _for_programs(result, shown, options)
    elif result.read_something or result.not_checked:
        from auditor.report import text

        print_report(lambda width: text.report(result, shown, width), options, audited_files(result.hosts))
    return status(result, paths, options)


def status(result: Audit, paths: Sequence[str], options: dict[str, Any]) -> int:
    """Return the exit status of an audit of some paths, after saying what stood in its way."""
    from auditor.finding import Severity

    complain(paths, result.hosts, result.failures)
    return status_of(result.hosts, result.failures) or _verdict(result, Severity(options["fail_on"]), options)


def _for_programs(result: Audit, shown: Severity, options: dict[str, Any]) -> None:
    from auditor.report.formats import rendered
    from auditor.report.output import write

    if options["form"] in WITHOUT_GAPS and result.not_checked:
        say(f"{len(result.not_checked)} not checked, which this format cannot tell; the text and JSON reports do")
    write(rendered(options["form"], result, shown), options["output"], audited_files(result.hosts))


def _as_plugin(result: Audit, shown: Severity, fail_on: Severity, options: dict[str, Any]) -> int:
    from auditor.report import nagios
    from auditor.report.output import write

    outcome = nagios.status(result, fail_on, strict=options["strict"])
    write(nagios.render(result, shown, outcome), options["output"], audited_files(result.hosts))
    return int(outcome)


def _verdict(result: Audit, fail_on: Severity, options: dict[str, Any]) -> int:
    incomplete = options["strict"] and result.not_checked
    return FINDINGS if (result.at_least(fail_on) or incomplete) and not options["exit_zero"] else OK


def failed(message: str, status: int, arguments: Sequence[str]) -> int:
    """Say why there is no report, where that is looked for, and return the exit status."""
    following = zip(arguments, [*arguments[1:], ""], strict=True)
    if f"--format={PLUGIN}" in arguments or ("--format", PLUGIN) in following:
        from auditor.report.nagios import unknown
        from auditor.report.output import write

        write(unknown(message))
        return UNKNOWN
    say(message)
    return status
