"""The options that mend what is found: ``--diff``, ``--fix`` and ``--unsafe-fixes``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from auditor.command import audited_files, say, with_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from auditor.audit import Audit
    from auditor.change import Fix
    from auditor.discover import Discovery
    from auditor.finding import Finding
    from auditor.fixing.rounds import Mended
    from auditor.rule import AnyRule

WITH_FIXES: Final = ("json", "sarif")
"""Formats that tell of the fix of each finding."""
MAX_AUDITS: Final = 8
"""Of one host, for telling of fixes; making them may take more."""
MAX_LINES: Final = 10_000
"""Of configuration files; a report on more tells of no fixes: each audit that tries them takes long."""


def fixing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say what is mended."""
    options = (
        click.option(
            "--diff", is_flag=True, help="Print what --fix would write, as a unified diff, instead of the report."
        ),
        click.option("--fix", is_flag=True, help="Write the safe fixes of what is shown, and report what is left."),
        click.option("--unsafe-fixes", is_flag=True, help="With --diff or --fix: also fixes that need your consent."),
    )
    return with_options(command, options)


def check(options: dict[str, Any]) -> None:
    """Raise click.UsageError where the options exclude each other."""
    if options["diff"] and options["fix"]:
        raise click.UsageError("--diff and --fix exclude each other")
    if options["unsafe_fixes"] and not (options["diff"] or options["fix"]):
        raise click.UsageError("--unsafe-fixes goes with --diff or --fix")
    if (options["diff"] or options["fix"]) and (options["write_baseline"] or options["update_baseline"]):
        raise click.UsageError("--diff and --fix go with neither --write-baseline nor --update-baseline")


class Found(NamedTuple):
    """What was discovered, and what the selected rules say of it, whatever a baseline has."""

    discovery: Discovery
    result: Audit


class Fixing(NamedTuple):
    """How paths are audited, and the fixes of what is found there."""

    discovered: Callable[[], Discovery]
    run: Callable[[Discovery, Sequence[type[AnyRule]]], Audit]
    rules: Sequence[type[AnyRule]]
    all_rules: Sequence[type[AnyRule]]
    """Those selected and those that are on by default: a fix must not bring about what was not asked for."""

    def audited(self) -> Found:
        """Look at the paths as they are now."""
        discovery = self.discovered()
        return Found(discovery, self.run(discovery, self.rules))

    def _mended(
        self, found: Found, shown: Iterable[Finding], *, unsafe: bool, max_audits: int | None = None
    ) -> Iterator[Mended]:
        """Yield what comes of fixing these findings, host by host; a host without a fix is left out."""
        known = {one.fingerprint for one in shown if one.fix}
        if not known:
            return
        from auditor.fixing import rounds

        alone = len(found.discovery.hosts) == 1 and list(self.rules) == list(self.all_rules)
        for host in found.discovery.hosts:
            only = found.discovery._replace(hosts=(host,), unusable=(), not_checked=())
            yield rounds.mended(
                host,
                found.result if alone else self.run(only, self.all_rules),
                lambda one: self.run(one, self.all_rules),
                lambda one: one.fingerprint in known,
                unsafe=unsafe,
                max_audits=max_audits or rounds.MAX_AUDITS,
            )

    def told(self, found: Found, result: Audit, shown: Iterable[Finding]) -> Audit:
        """Return an audit whose findings tell of the fixes that hold."""
        fixes: dict[str, Fix] = {}
        files = [file for host in result.hosts for dovecot in host.dovecot for file in dovecot.files]
        files += [file for host in result.hosts for postfix in host.postfix for file in postfix.files]
        lines = sum(len(file.line_starts) for file in files)
        for one in self._mended(found, shown if lines <= MAX_LINES else (), unsafe=True, max_audits=MAX_AUDITS):
            fixes.update((offer.finding.fingerprint, offer.fix) for offer in one.made)
        findings = tuple(one._replace(fix=fixes.get(one.fingerprint)) for one in result.findings)
        return result._replace(findings=findings)

    def print_diff(self, found: Found, shown: Sequence[Finding], options: dict[str, Any]) -> None:
        """Print what would be written, and say how much that mends."""
        from auditor.fixing.diff import commands, unified
        from auditor.report.output import write

        mended = list(self._mended(found, shown, unsafe=options["unsafe_fixes"]))
        lines = [f"{line}\n" for one in mended for line in (*unified(one), *commands(one))]
        write("".join(lines), options["output"], audited_files(found.result.hosts))
        if found.result.read_something:
            _say_what_came_of_it(mended, shown, options, "would be mended")

    def write(self, found: Found, shown: Sequence[Finding], options: dict[str, Any]) -> bool:
        """Write the fixes and return whether there were any.

        Raises click.UsageError where a file cannot be written, or changed since it was read.
        """
        from auditor.fixing.write import NotWrittenError, write

        mended = list(self._mended(found, shown, unsafe=options["unsafe_fixes"]))
        try:
            for path in (path for one in mended for path in write(one)):
                say(f"changed {path}")
        except NotWrittenError as error:
            raise click.UsageError(str(error)) from error
        if found.result.read_something:
            _say_what_came_of_it(mended, shown, options, "mended")
        return any(one.made for one in mended)


def _say_what_came_of_it(
    mended: Sequence[Mended], shown: Sequence[Finding], options: dict[str, Any], what: str
) -> None:
    made = sum(len(one.made) for one in mended)
    say(f"{made} {'finding' if made == 1 else 'findings'} {what}")
    for finding, why in (refused for one in mended for refused in one.refused):
        place = finding.primary
        say(f"not mended: {finding.rule} at {place.span or place.path}: {why}")
    unsafe = sum(one.fix is not None and not one.fix.safe for one in shown)
    if unsafe and not options["unsafe_fixes"]:
        say(f"{unsafe} more may be mended with --unsafe-fixes")
