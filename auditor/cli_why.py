"""``mailaudit why``: why a rule speaks or is silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from auditor.command import (
    NO_COLOR,
    POLICY,
    audited_files,
    complain,
    discovered,
    files,
    moment_of,
    print_report,
    reading_options,
    rule_names,
    selected_rules,
    status_of,
    versions_of,
)
from auditor.options import given

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command()
@click.argument("name", metavar="RULE", shell_complete=rule_names)
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=files)
@NO_COLOR
@click.option("--now", metavar="DATE", help="Judge certificates and CRLs as of this date (ISO 8601, UTC).")
@POLICY
@reading_options
def why_command(name: str, paths: Sequence[str], **options: Any) -> int:
    """Say what a rule found or did not find below each PATH (default: /etc), and why.

    Of a rule that is silent: which of its conditions were not met, and what the settings and files that it asked for
    say, each with its place.
    """
    from auditor.read import read_hosts
    from auditor.report.why import as_text
    from auditor.rule import SuppressionRule
    from auditor.rule import discover as all_rules
    from auditor.why.explain import why

    paths, options, _ = given(paths, options)
    (rule,) = selected_rules(all_rules(), [name], [])
    if issubclass(rule, SuppressionRule):
        raise click.UsageError(f"{name} is about what other rules find: ask why one of those speaks or is silent")
    hosts, failures = read_hosts(discovered(paths, options), versions_of(options))
    complain(paths, hosts, failures)
    found = [why(rule, host, moment_of(options["now"]), options["policy"]) for host in hosts]
    print_report(lambda width: as_text(found, width), options, audited_files(hosts))
    return status_of(hosts, failures)
