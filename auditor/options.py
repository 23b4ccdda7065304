"""What a command is to do: what the command line says and, where it is silent, what mailaudit.toml does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click
from click.core import ParameterSource

from auditor.command import audited_files, files, usual_paths, with_options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from auditor.audit import Audit
    from auditor.config import Config
    from auditor.model import Assumptions

_PARAMETERS: Final = {"format": "form"}
"""Keys of the configuration whose parameter in this program has another name."""
_PATHS: Final = ("root", "baseline")
"""Keys whose value is a path, relative to the configuration."""


class Given(NamedTuple):
    """What a command is to do: the paths, its options, and the configuration that some of them come from."""

    paths: Sequence[str]
    options: dict[str, Any]
    config: Config | None

    def table(self, name: str) -> Mapping[str, Any]:
        """Return a table of the configuration; it is empty where there is none."""
        found: Mapping[str, Any] = self.config.values.get(name, {}) if self.config else {}
        return found

    def assumptions(self) -> Assumptions:
        """Return what the configuration assumes."""
        from auditor.model import Assumptions

        known = self.table("assume")
        return Assumptions(known.get("days-before-expiry"), tuple(known.get("server-names", ())))


def accepting_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which findings are accepted."""
    options = (
        click.option(
            "--suppressions/--no-suppressions", default=True, help="Whether `# mailaudit: ignore[...]` comments count."
        ),
        click.option(
            "--baseline", metavar="FILE", shell_complete=files, help="Fail only on what FILE does not list as known."
        ),
        click.option(
            "--write-baseline", metavar="FILE", shell_complete=files, help="List all that is found in FILE as known."
        ),
        click.option("--update-baseline", is_flag=True, help="Drop from the baseline what is no longer found."),
    )
    return with_options(command, options)


def compared(result: Audit, options: dict[str, Any]) -> Audit:
    """Return an audit as its baseline has it, after writing that where the options say so."""
    path, write_to, update = (options[name] for name in ("baseline", "write_baseline", "update_baseline"))
    if update and (write_to or not path):
        raise click.UsageError("--update-baseline needs --baseline and no --write-baseline")
    if not path and not write_to:
        return result
    from auditor import baseline
    from auditor.config import ConfigError

    try:
        return baseline.compared(result, audited_files(result.hosts), baseline=path, write_to=write_to, update=update)
    except ConfigError as error:
        raise click.UsageError(str(error)) from error


def given(paths: Sequence[str], options: dict[str, Any]) -> Given:
    """Return what the command line says and, where it is silent, what the configuration does."""
    from auditor.config import ConfigError

    if options["config"] and options["no_config"]:
        raise click.UsageError("--config and --no-config exclude each other")
    try:
        config = None if options["no_config"] else _config(paths, options)
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    if config is None:
        return Given(paths, options, None)
    source = click.get_current_context().get_parameter_source
    merged = dict(options)
    for key, value in config.values.items():
        name = _PARAMETERS.get(key, key.replace("-", "_"))
        if name in options and source(name) is ParameterSource.DEFAULT:
            merged[name] = config.beside(value) if key in _PATHS else value
    return Given(paths or [config.beside(path) for path in config.values.get("paths", ())], merged, config)


def _config(paths: Sequence[str], options: dict[str, Any]) -> Config | None:
    from auditor.config import find, load

    return load(options["config"]) if options["config"] else find(paths or usual_paths(options["root"]))


def require_packages(config: Config | None) -> None:
    """Raise click.UsageError where a rule package that the configuration relies on is not installed."""
    from auditor.rule import rule_packages

    installed = {_normal(package.name) for package in rule_packages()}
    for name in config.values.get("rule-packages", ()) if config else ():
        if _normal(name) not in installed:
            raise click.UsageError(f"the rule package {name!r} that {config and config.path} names is not installed")


def _normal(name: str) -> str:
    """Return the name of a distribution as packaging.python.org compares them."""
    return re.sub(r"[-_.]+", "-", name).lower()
