"""``mailaudit access``: who can get in, and what a change makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from auditor.command import (
    FINDINGS,
    FORMAT,
    NO_COLOR,
    OK,
    OUTPUT,
    audited_files,
    complain,
    discovered,
    files,
    moment_of,
    print_json,
    print_report,
    reading_options,
    status_of,
    versions_of,
)
from auditor.options import given

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.access_tables import AccessTables, TableDifference

_VERSIONS: Final = ("dovecot_version", "postfix_version")


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=files)
@FORMAT
@OUTPUT
@click.option("--diff", is_flag=True, help="Compare two PATHs, old and new, or one with itself in another version.")
@click.option("--since", metavar="REVISION", help="Compare PATH with what it was in a git revision such as HEAD.")
@NO_COLOR
@reading_options
def access_command(paths: Sequence[str], **options: Any) -> int:
    """Say who can get in below each PATH (default: /etc): by what, to do what, and because of which settings.

    With --diff or --since, the ways in that appear and disappear; the status is 1 where a new one needs no secret or
    where TLS is no longer needed.
    """
    paths, options, _ = given(paths, options)
    if options["since"]:
        return _since(_one(paths, "--since"), options)
    if options["diff"]:
        return _diff(paths, options)
    tables = _tables(paths, options)
    complain(paths, tables.hosts, tables.failures)
    from auditor.report import access

    if options["form"] == "json":
        print_json(access.as_data(tables), options, audited_files(tables.hosts))
    else:
        print_report(lambda width: access.as_text(tables, width), options, audited_files(tables.hosts))
    return status_of(tables.hosts, tables.failures)


def _tables(paths: Sequence[str], options: dict[str, Any]) -> AccessTables:
    from auditor.access_tables import access_tables

    return access_tables(discovered(paths, options), versions_of(options), moment_of(None))


def _diff(paths: Sequence[str], options: dict[str, Any]) -> int:
    if len(paths) == 2:
        old, new = ((path,) for path in paths)
        return _compared(_tables(old, options), _tables(new, options), (paths[0], paths[1]), options)
    if not any(options[name] for name in _VERSIONS):
        raise click.UsageError("--diff takes two PATHs, or one PATH and --dovecot-version or --postfix-version")
    path = _one(paths, "--diff with a version")
    as_it_is = options | dict.fromkeys(_VERSIONS)
    return _compared(_tables([path], as_it_is), _tables([path], options), (path, path), options)


def _since(path: str, options: dict[str, Any]) -> int:
    from auditor.access_tables import NOTHING, renamed
    from auditor.finding import NotChecked
    from auditor.revision import RevisionError, revision

    name = options["since"]
    try:
        with revision(name, path) as found:
            old_path = found.of(path)
            old = NOTHING
            if Path(old_path).exists():
                old_root = options["root"] and found.of(options["root"])
                old = renamed(_tables([old_path], options | {"root": old_root}), found.folder, f"{name}:")
                left_out = [
                    NotChecked(f"{name}:{path}", "it is too large, or has no name here") for path in found.left_out
                ]
                old = old._replace(not_checked=(*old.not_checked, *left_out))
            return _compared(old, _tables([path], options), (old_path, path), options)
    except RevisionError as error:
        raise click.UsageError(str(error)) from error


def _one(paths: Sequence[str], option: str) -> str:
    if len(paths) > 1:
        raise click.UsageError(f"{option} takes one PATH")
    return paths[0] if paths else "/etc"


def _compared(old: AccessTables, new: AccessTables, roots: tuple[str, str], options: dict[str, Any]) -> int:
    from auditor.access_tables import differences
    from auditor.report import access

    hosts, failures = (*old.hosts, *new.hosts), (*old.failures, *new.failures)
    complain(roots, new.hosts, failures)
    found = differences(old, new, roots)
    not_checked = tuple(dict.fromkeys((*old.not_checked, *new.not_checked)))
    if options["form"] == "json":
        print_json(access.differences_as_data(found, not_checked), options, audited_files(hosts))
    else:
        print_report(lambda width: access.differences_as_text(found, not_checked, width), options, audited_files(hosts))
    return status_of(hosts, failures) or _verdict(found)


def _verdict(found: Sequence[TableDifference]) -> int:
    return FINDINGS if any(one.difference.is_dangerous for one in found) else OK
