"""What every command shares: its options, how paths, versions and dates are taken, and the exit status.

Exit status: 0 nothing at or above ``--fail-on``, 1 findings (with ``--strict`` also things not checked), 2 wrong usage
or a path that cannot be read, 3 an internal error, 4 nothing to audit, 130 interrupted. What takes time to import is
imported where it is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from click.shell_completion import CompletionItem

    from auditor.discover import Discovery
    from auditor.failure import Failure
    from auditor.read import Instances, Versions
    from auditor.report.lines import Line
    from auditor.rule import AnyRule

SEVERITIES: Final = ("critical", "high", "medium", "low", "info")

OK: Final = 0
FINDINGS: Final = 1
USAGE: Final = 2
INTERNAL: Final = 3
NOTHING: Final = 4
INTERRUPTED: Final = 130
"""128 + SIGINT, as shells report it."""

FORMAT: Final = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to report."
)


def files(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Have the shell complete the name of a file or folder."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def rule_names(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Complete the last of several names of rules."""
    from click.shell_completion import CompletionItem

    from auditor.rule import discover

    before, comma, start = incomplete.rpartition(",")
    names = (rule.name for rule in discover())
    return [CompletionItem(before + comma + name) for name in names if name.startswith(start)]


OUTPUT: Final = click.option(
    "--output", metavar="FILE", shell_complete=files, help="Write the report to FILE instead of standard output."
)
NO_COLOR: Final = click.option("--no-color", is_flag=True, help="No colour, even on a terminal (as NO_COLOR).")

POLICIES: Final = ("mozilla-intermediate", "bsi", "ncsc-nl", "rfc9325")
"""The names in auditor/data/tls-policies.json; the first is the default."""
POLICY: Final = click.option(
    "--policy",
    type=click.Choice(POLICIES),
    default=POLICIES[0],
    help=f"Judge TLS by this policy (default: {POLICIES[0]}).",
)


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how files are read."""
    options = (
        click.option(
            "--root",
            metavar="DIR",
            shell_complete=files,
            help="Resolve absolute names against DIR, not the folder above `etc`.",
        ),
        click.option("--dovecot-version", metavar="VERSION", help="Read Dovecot's files as this version does."),
        click.option("--postfix-version", metavar="VERSION", help="Read Postfix's files as this version does."),
        click.option(
            "--modes/--no-modes",
            default=None,
            help="Whether modes and owners of files mean anything (default: not in a git working tree).",
        ),
        click.option(
            "--config",
            metavar="FILE",
            shell_complete=files,
            help="Read options from FILE, not from the mailaudit.toml beside the tree or above it in its repository.",
        ),
        click.option("--no-config", is_flag=True, help="Read options from no file."),
    )
    return with_options(command, options)


def with_options(command: Callable[..., Any], options: Sequence[Callable[..., Any]]) -> Callable[..., Any]:
    """Give a command options, listed in their order."""
    for option in reversed(options):
        command = option(command)
    return command


def moment_of(text: str | None) -> datetime:
    """Return the moment that ``--now`` names, in UTC; without one the present."""
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


def versions_of(options: dict[str, Any]) -> Versions:
    """Return the versions that the options name; raises click.UsageError for what is no version."""
    from auditor.read import Versions
    from auditor.versions import upstream

    for name in ("dovecot_version", "postfix_version"):
        if options[name] is not None and upstream(options[name]) != options[name]:
            raise click.UsageError(f"--{name.replace('_', '-')} takes a number such as 2.3.19, not {options[name]!r}")
    return Versions(options["dovecot_version"], options["postfix_version"])


def selected_rules(rules: Sequence[type[AnyRule]], select: list[str], ignore: list[str]) -> list[type[AnyRule]]:
    """Return the rules that are selected by name, else those that are on by default.

    Raises click.UsageError where there is none of a name.
    """
    known = {rule.name: rule for rule in rules}
    for name in (*select, *ignore):
        if name not in known:
            from auditor.text import similar

            near = similar(name, known)
            raise click.UsageError(f"there is no rule {name!r}" + (f"; did you mean {near!r}?" if near else ""))
    wanted = [rule for rule in rules if (rule.name in select if select else not rule.off_because)]
    return [rule for rule in wanted if rule.name not in ignore]


def discovered(paths: Sequence[str], options: dict[str, Any]) -> Discovery:
    """Find the hosts below the paths, /etc without any."""
    from auditor.discover import discover

    root = options["root"]
    if root is not None and not Path(root).is_dir():
        raise click.UsageError(f"the root {root} is not a folder")
    return discover(paths or usual_paths(root), root=root, modes=options["modes"])


def usual_paths(root: str | None) -> list[str]:
    """Return what is audited when nothing is named."""
    usual = Path(root or "/", "etc")
    return [str(usual)] if usual.is_dir() else []


def complain(paths: Sequence[str], hosts: Sequence[Instances], failures: Sequence[Failure]) -> None:
    """Say on standard error what kept the audit from being whole."""
    for failure in failures:
        say(str(failure))
    if not failures and status_of(hosts, failures) == NOTHING:
        say(f"no Dovecot or Postfix configuration found below {', '.join(paths or ['/etc'])}")


def status_of(hosts: Sequence[Instances], failures: Sequence[Failure]) -> int:
    """Return the exit status as far as reading decides it."""
    if any(failure.internal for failure in failures):
        return INTERNAL
    if failures:
        return USAGE
    return OK if any(host.dovecot or host.postfix for host in hosts) else NOTHING


def say(text: str) -> None:
    """Write one line to standard error."""
    from auditor.text import escaped

    click.echo(f"mailaudit: {escaped(text)}", err=True)


def audited_files(hosts: Iterable[Instances]) -> set[str]:
    """Return the files that no report may overwrite."""
    files = [file for host in hosts for dovecot in host.dovecot for file in dovecot.files]
    files += [file for host in hosts for postfix in host.postfix for file in postfix.files]
    return {file.path for file in files}


def print_report(
    lines: Callable[[int], Iterator[Line]], options: dict[str, Any], audited: Collection[str] = ()
) -> None:
    """Print a report for people where the options say, made for the width of what shows it."""
    from auditor.report.output import print_lines

    print_lines(lines, options.get("output"), audited, colour=not options["no_color"])


def print_json(data: object, options: dict[str, Any], audited: Collection[str] = ()) -> None:
    """Write data as JSON to standard output or to the file that ``--output`` names."""
    from auditor.report.json import serialised
    from auditor.report.output import write

    write(serialised(data), options["output"], audited)
