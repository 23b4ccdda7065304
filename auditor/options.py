"""What a command is to do: what the command line says and, where it is silent, what mailaudit.toml does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click
from click.core import ParameterSource

from auditor.command import usual_paths

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditor.config import Config

_PARAMETERS: Final = {"format": "form"}
"""Keys of the configuration whose parameter in this program has another name."""


class Given(NamedTuple):
    """What a command is to do: the paths, its options, and the configuration that some of them come from."""

    paths: Sequence[str]
    options: dict[str, Any]
    config: Config | None

    def table(self, name: str) -> Mapping[str, Any]:
        """Return a table of the configuration; it is empty where there is none."""
        found: Mapping[str, Any] = self.config.values.get(name, {}) if self.config else {}
        return found


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
            merged[name] = config.beside(value) if key == "root" else value
    return Given(paths or [config.beside(path) for path in config.values.get("paths", ())], merged, config)


def _config(paths: Sequence[str], options: dict[str, Any]) -> Config | None:
    from auditor.config import find, load

    return load(options["config"]) if options["config"] else find(paths or usual_paths(options["root"]))
