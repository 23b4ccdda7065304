"""The command line: ``mailaudit [OPTIONS] [PATH]...`` audits, and its sub-commands explain what it knows."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from auditor import __version__, cli_fix, outcome
from auditor.cli_access import access_command
from auditor.cli_why import why_command
from auditor.command import (
    FORMAT,
    INTERNAL,
    INTERRUPTED,
    NO_COLOR,
    OK,
    OUTPUT,
    POLICY,
    SEVERITIES,
    USAGE,
    audited_files,
    complain,
    discovered,
    files,
    moment_of,
    print_json,
    print_report,
    reading_options,
    rule_names,
    selected_rules,
    status_of,
    versions_of,
)
from auditor.options import accepting_options, compared, given, require_packages
from auditor.report.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

COLLECT_AFTER: Final = 1_000_000
"""New objects after which garbage is looked for.

Most of what is made here lives until the end; looking for garbage every 700 objects takes a fifth of the time.
"""


@click.command(
    epilog="Sub-commands: access, explain RULE, rules, settings, why RULE. A path of such a name is written ./rules."
)
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=files)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", *FORMATS, outcome.PLUGIN]),
    default="text",
    help="How to report; nagios has its own exit status, as plug-ins do.",
)
@OUTPUT
@click.option(
    "--select",
    multiple=True,
    metavar="RULE,...",
    shell_complete=rule_names,
    help="Run only these, those off by default included.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="RULE,...",
    shell_complete=rule_names,
    help="Run all but these and those off by default.",
)
@click.option(
    "--severity", type=click.Choice(SEVERITIES), default="low", help="The mildest that is shown (default: low)."
)
@POLICY
@click.option("--fail-on", type=click.Choice(SEVERITIES), default="low", help="The mildest that fails (default: low).")
@click.option("--exit-zero/--no-exit-zero", help="Exit with 0 even if there are findings.")
@click.option("--strict/--no-strict", help="Fail if anything could not be checked.")
@accepting_options
@cli_fix.fixing_options
@NO_COLOR
@reading_options
@click.option("--now", metavar="DATE", help="Judge certificates and CRLs as of this date (ISO 8601, UTC).")
@click.version_option(__version__, prog_name="mailaudit")
def audit_command(paths: Sequence[str], **options: Any) -> int:
    """Audit the Dovecot and Postfix configurations below each PATH (default: /etc).

    A PATH is an `etc`, `dovecot` or `postfix` folder, a dovecot.conf, main.cf or master.cf, or a folder that holds one.
    """
    from auditor.audit import Decisions, audit
    from auditor.finding import Severity
    from auditor.rule import discover as all_rules

    cli_fix.check(options)
    if paths and paths[0] in SUBCOMMANDS:
        raise click.UsageError(f"the sub-command comes first: mailaudit {paths[0]}; the path is written ./{paths[0]}")
    paths, options, config = decided = given(paths, options)
    known = all_rules()
    require_packages(config)
    rules = selected_rules(known, _names(options["select"]), _names(options["ignore"]))
    severities = {name: Severity(one) for name, one in decided.table("severities").items()}
    selected_rules(known, list(severities), [])
    decisions = Decisions(severities, decided.assumptions(), options["suppressions"], options["policy"])
    now, versions, shown = moment_of(options["now"]), versions_of(options), Severity(options["severity"])
    fixing = cli_fix.Fixing(
        lambda: discovered(paths, options),
        lambda one, by: audit(one, by, now=now, versions=versions, decisions=decisions),
        rules,
        [rule for rule in known if rule in rules or not rule.off_because],
    )
    found = fixing.audited()
    result = compared(found.result._replace(config=config.path if config else None), options)
    if options["diff"]:
        fixing.print_diff(found, result.at_least(shown), options)
        return outcome.status(result, paths, options)
    if options["fix"] and fixing.write(found, result.at_least(shown), options):
        found = fixing.audited()
        result = compared(found.result._replace(config=result.config), options)
    if options["form"] in cli_fix.WITH_FIXES:
        result = fixing.told(found, result, result.at_least(shown))
    return outcome.report(result, paths, options)


@click.command()
@click.argument("name", metavar="RULE", shell_complete=rule_names)
@NO_COLOR
def explain_command(name: str, **options: Any) -> int:
    """Say what a rule looks for, why it matters, how to mend it and when to ignore it."""
    from auditor.report.rules import explanation
    from auditor.rule import discover as all_rules

    (rule,) = selected_rules(all_rules(), [name], [])
    print_report(lambda width: explanation(rule, width), options)
    return OK


@click.command()
@FORMAT
@OUTPUT
@NO_COLOR
def rules_command(**options: Any) -> int:
    """List the rules."""
    from auditor.report.rules import as_data, table
    from auditor.rule import discover as all_rules

    if options["form"] == "json":
        print_json(as_data(all_rules()), options)
    else:
        print_report(lambda width: table(all_rules(), width), options)
    return OK


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=files)
@FORMAT
@OUTPUT
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="NAME=VALUE",
    help="Print what a connection sees: protocol=imap, local=ADDRESS, remote=ADDRESS, local_name=HOST.",
)
@click.option("--defaults", is_flag=True, help="Print also what has only its default.")
@NO_COLOR
@reading_options
def settings_command(paths: Sequence[str], filters: Sequence[str], **options: Any) -> int:
    """Print the effective settings below each PATH (default: /etc), each with where it comes from."""
    from auditor.read import read_hosts
    from auditor.report import settings

    scope = settings.scope_of(_filters(filters, settings.FILTERS))
    paths, options, _ = given(paths, options)
    hosts, failures = read_hosts(discovered(paths, options), versions_of(options))
    complain(paths, hosts, failures)
    if options["form"] == "json":
        print_json(settings.as_data(hosts, scope, defaults=options["defaults"]), options, audited_files(hosts))
    else:
        lines = settings.as_text(hosts, scope, defaults=options["defaults"])
        print_report(lambda _: lines, options, audited_files(hosts))
    return status_of(hosts, failures)


SUBCOMMANDS: Final = {
    "access": access_command,
    "explain": explain_command,
    "rules": rules_command,
    "settings": settings_command,
    "why": why_command,
}


def _names(values: Iterable[str]) -> list[str]:
    return [name.strip() for value in values for name in value.split(",") if name.strip()]


def _filters(texts: Iterable[str], known: Sequence[str]) -> list[tuple[str, str]]:
    found = []
    for text in texts:
        name, sign, value = text.partition("=")
        if name not in known or not sign:
            raise click.UsageError(f"--filter takes NAME=VALUE with a NAME of {', '.join(known)}, not {text!r}")
        found.append((name, value))
    return found


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit status."""
    command: click.Command = audit_command
    name, given_arguments = "mailaudit", arguments
    if arguments and arguments[0] in SUBCOMMANDS:
        command = SUBCOMMANDS[arguments[0]]
        name, arguments = f"mailaudit {arguments[0]}", arguments[1:]
    try:
        status = command.main(args=list(arguments), prog_name=name, standalone_mode=False)
    except click.ClickException as error:
        return outcome.failed(error.format_message(), USAGE, given_arguments)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:
        from auditor.failure import internal_error

        return outcome.failed(
            f"internal error: {internal_error(error, 'mailaudit').message}", INTERNAL, given_arguments
        )
    return int(status)


def main() -> None:
    """Run the command line of this process."""
    gc.set_threshold(COLLECT_AFTER)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if "_MAILAUDIT_COMPLETE" in os.environ:
        from auditor.completion import completed

        click.echo(completed(audit_command, SUBCOMMANDS), nl=False)
        return
    status = run(sys.argv[1:])
    # At its end Python looks for garbage once more, among a hundred thousand objects: a quarter of a small audit.
    gc.freeze()
    sys.exit(status)
