"""The command line: ``mailaudit [OPTIONS] [PATH]...`` audits, and its sub-commands explain what it knows.

Exit status: 0 nothing at or above ``--fail-on``, 1 findings (with ``--strict`` also things not checked), 2 wrong usage
or a path that cannot be read, 3 an internal error, 4 nothing to audit, 130 interrupted. What takes time to import is
imported where it is used.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from auditor import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from auditor.audit import Audit
    from auditor.discover import Discovery
    from auditor.failure import Failure
    from auditor.finding import Severity
    from auditor.read import Instances, Versions
    from auditor.report.lines import Line
    from auditor.rule import AnyRule

OK: Final = 0
FINDINGS: Final = 1
USAGE: Final = 2
INTERNAL: Final = 3
NOTHING: Final = 4
INTERRUPTED: Final = 130
"""128 + SIGINT, as shells report it."""

SEVERITIES: Final = ("critical", "high", "medium", "low", "info")
_FORMAT: Final = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to report."
)
_OUTPUT: Final = click.option("--output", metavar="FILE", help="Write the report to FILE instead of standard output.")
_NO_COLOR: Final = click.option("--no-color", is_flag=True, help="No colour, even on a terminal (as NO_COLOR).")


def _reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    options = (
        click.option("--root", metavar="DIR", help="Resolve absolute names against DIR, not the folder above `etc`."),
        click.option("--dovecot-version", metavar="VERSION", help="Read Dovecot's files as this version does."),
        click.option("--postfix-version", metavar="VERSION", help="Read Postfix's files as this version does."),
        click.option(
            "--modes/--no-modes",
            default=None,
            help="Whether modes and owners of files mean anything (default: not in a git working tree).",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command(epilog="Sub-commands: explain RULE, rules, settings [PATH]. A path of such a name is written ./rules.")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@_FORMAT
@_OUTPUT
@click.option("--select", multiple=True, metavar="RULE,...", help="Run these rules only.")
@click.option("--ignore", multiple=True, metavar="RULE,...", help="Run all rules but these.")
@click.option(
    "--severity", type=click.Choice(SEVERITIES), default="low", help="The mildest that is shown (default: low)."
)
@click.option("--fail-on", type=click.Choice(SEVERITIES), default="low", help="The mildest that fails (default: low).")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
@click.option("--strict", is_flag=True, help="Fail if anything could not be checked.")
@_NO_COLOR
@_reading_options
@click.option("--now", metavar="DATE", help="Judge certificates and CRLs as of this date (ISO 8601, UTC).")
@click.version_option(__version__, prog_name="mailaudit")
def audit_command(paths: tuple[str, ...], **options: Any) -> int:
    """Audit the Dovecot and Postfix configurations below each PATH (default: /etc).

    A PATH is an `etc`, `dovecot` or `postfix` folder, a dovecot.conf, main.cf or master.cf, or a folder that holds one.
    """
    from auditor.audit import audit
    from auditor.finding import Severity
    from auditor.rule import discover as all_rules

    if paths and paths[0] in SUBCOMMANDS:
        raise click.UsageError(f"the sub-command comes first: mailaudit {paths[0]}; the path is written ./{paths[0]}")
    rules = _selected(all_rules(), _names(options["select"]), _names(options["ignore"]))
    now = _moment(options["now"])
    result = audit(_discover(paths, options), rules, now=now, versions=_versions(options))
    shown, fail_on = Severity(options["severity"]), Severity(options["fail_on"])
    _complain(paths, result.hosts, result.failures)
    if options["form"] == "json":
        from auditor.report.json import report, serialised
        from auditor.report.output import write

        write(serialised(report(result, shown)), options["output"], _audited(result.hosts))
    elif result.read_something or result.not_checked:
        from auditor.report import text

        _print(lambda width: text.report(result, shown, width), options, _audited(result.hosts))
    return _status(result.hosts, result.failures) or _verdict(result, fail_on, options)


@click.command()
@click.argument("name", metavar="RULE")
@_NO_COLOR
def explain_command(name: str, **options: Any) -> int:
    """Say what a rule looks for, why it matters, how to mend it and when to ignore it."""
    from auditor.report.rules import explanation
    from auditor.rule import discover as all_rules

    (rule,) = _selected(all_rules(), [name], [])
    _print(lambda width: explanation(rule, width), options)
    return OK


@click.command()
@_FORMAT
@_OUTPUT
@_NO_COLOR
def rules_command(**options: Any) -> int:
    """List the rules."""
    from auditor.report.rules import as_data, table
    from auditor.rule import discover as all_rules

    if options["form"] == "json":
        from auditor.report.json import serialised
        from auditor.report.output import write

        write(serialised(as_data(all_rules())), options["output"])
    else:
        _print(lambda width: table(all_rules(), width), options)
    return OK


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@_FORMAT
@_OUTPUT
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="NAME=VALUE",
    help="Print what a connection sees: protocol=imap, local=ADDRESS, remote=ADDRESS, local_name=HOST.",
)
@click.option("--defaults", is_flag=True, help="Print also what has only its default.")
@_NO_COLOR
@_reading_options
def settings_command(paths: tuple[str, ...], filters: tuple[str, ...], **options: Any) -> int:
    """Print the effective settings below each PATH (default: /etc), each with where it comes from."""
    from auditor.read import read_hosts
    from auditor.report import settings

    scope = settings.scope_of(_filters(filters, settings.FILTERS))
    hosts, failures = read_hosts(_discover(paths, options), _versions(options))
    _complain(paths, hosts, failures)
    if options["form"] == "json":
        from auditor.report.json import serialised
        from auditor.report.output import write

        data = settings.as_data(hosts, scope, defaults=options["defaults"])
        write(serialised(data), options["output"], _audited(hosts))
    else:
        lines = settings.as_text(hosts, scope, defaults=options["defaults"])
        _print(lambda _: lines, options, _audited(hosts))
    return _status(hosts, failures)


SUBCOMMANDS: Final = {"explain": explain_command, "rules": rules_command, "settings": settings_command}


def _names(values: Iterable[str]) -> list[str]:
    return [name.strip() for value in values for name in value.split(",") if name.strip()]


def _selected(rules: Sequence[type[AnyRule]], select: list[str], ignore: list[str]) -> list[type[AnyRule]]:
    known = {rule.name: rule for rule in rules}
    for name in (*select, *ignore):
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, n=1)
            raise click.UsageError(f"there is no rule {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    return [rule for rule in rules if (not select or rule.name in select) and rule.name not in ignore]


def _moment(text: str | None) -> datetime:
    from datetime import UTC, datetime

    if text is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(
            f"--now takes a date such as 2026-11-22 or 2026-11-22T12:00:00Z, not {text!r}"
        ) from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _versions(options: dict[str, Any]) -> Versions:
    from auditor.read import Versions
    from auditor.versions import upstream

    for name in ("dovecot_version", "postfix_version"):
        if options[name] is not None and upstream(options[name]) != options[name]:
            raise click.UsageError(f"--{name.replace('_', '-')} takes a number such as 2.3.19, not {options[name]!r}")
    return Versions(options["dovecot_version"], options["postfix_version"])


def _filters(texts: Iterable[str], known: Sequence[str]) -> list[tuple[str, str]]:
    found = []
    for text in texts:
        name, sign, value = text.partition("=")
        if name not in known or not sign:
            raise click.UsageError(f"--filter takes NAME=VALUE with a NAME of {', '.join(known)}, not {text!r}")
        found.append((name, value))
    return found


def _discover(paths: Sequence[str], options: dict[str, Any]) -> Discovery:
    from auditor.discover import discover

    root = options["root"]
    if root is not None and not Path(root).is_dir():
        raise click.UsageError(f"the root {root} is not a folder")
    if not paths:
        usual = Path(root or "/", "etc")
        paths = [str(usual)] if usual.is_dir() else []
    return discover(paths, root=root, modes=options["modes"])


def _complain(paths: Sequence[str], hosts: Sequence[Instances], failures: Sequence[Failure]) -> None:
    """Say on standard error what kept the audit from being whole."""
    for failure in failures:
        _say(f"{failure.path}: {failure.message}" if failure.path else failure.message)
    if not failures and _status(hosts, failures) == NOTHING:
        _say(f"no Dovecot or Postfix configuration found below {', '.join(paths or ['/etc'])}")


def _status(hosts: Sequence[Instances], failures: Sequence[Failure]) -> int:
    if any(failure.internal for failure in failures):
        return INTERNAL
    if failures:
        return USAGE
    return OK if any(host.dovecot or host.postfix for host in hosts) else NOTHING


def _verdict(result: Audit, fail_on: Severity, options: dict[str, Any]) -> int:
    failed = any(finding.severity.rank <= fail_on.rank for finding in result.findings)
    incomplete = options["strict"] and bool(result.not_checked)
    return FINDINGS if (failed or incomplete) and not options["exit_zero"] else OK


def _say(text: str) -> None:
    """Write one line to standard error."""
    from auditor.text import escaped

    click.echo(f"mailaudit: {escaped(text)}", err=True)


def _audited(hosts: Iterable[Instances]) -> set[str]:
    """Return the files that no report may overwrite."""
    files = [file for host in hosts for dovecot in host.dovecot for file in dovecot.files]
    files += [file for host in hosts for postfix in host.postfix for file in postfix.files]
    return {file.path for file in files}


def _print(lines: Callable[[int], Iterator[Line]], options: dict[str, Any], audited: Collection[str] = ()) -> None:
    from auditor.report.output import print_lines

    print_lines(lines, options.get("output"), audited, colour=not options["no_color"])


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit status."""
    command: click.Command = audit_command
    name = "mailaudit"
    if arguments and arguments[0] in SUBCOMMANDS:
        command = SUBCOMMANDS[arguments[0]]
        name, arguments = f"mailaudit {arguments[0]}", arguments[1:]
    try:
        status = command.main(args=list(arguments), prog_name=name, standalone_mode=False)
    except click.ClickException as error:
        _say(error.format_message())
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:
        from auditor.failure import internal_error

        _say(f"internal error: {internal_error(error, 'mailaudit').message}")
        return INTERNAL
    return int(status)


def main() -> None:
    """Run the command line of this process."""
    # Most of what is made here lives until the end; looking for garbage every 700 objects takes a sixth of the time.
    gc.set_threshold(100_000)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))
