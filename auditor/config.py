"""What users decide once for all runs: ``mailaudit.toml``, or ``[tool.mailaudit]`` of a ``pyproject.toml``.

It is looked for beside the audited tree, and above it up to the top of the git repository; of two, the nearest counts.
``auditor/data/config.schema.json`` says what may stand in it and is what it is checked against. It can name no command
and no file to write, since the tree that is audited may be a stranger's.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from auditor.discover import git_root, root_of
from auditor.packaged import table
from auditor.text import similar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NAMES: Final = ("mailaudit.toml", "pyproject.toml")
"""The names that are looked for in a folder, the first that counts there first."""
MAX_BYTES: Final = 1024 * 1024
_TYPES: Final = {
    "object": (dict, "a table"),
    "array": (list, "a list"),
    "string": (str, "a text in quotes"),
    "boolean": (bool, "true or false"),
    "integer": (int, "a whole number"),
}


class ConfigError(Exception):
    """A configuration of mailaudit that cannot be used; its text says which, where and why."""


class Config(NamedTuple):
    """A configuration file: where it lies, and what it says. The keys are those of the schema."""

    path: str
    values: Mapping[str, Any]

    def beside(self, name: str) -> str:
        """Return the path of a file that the configuration names, relative to its own folder."""
        return os.path.normpath(os.path.join(os.path.dirname(self.path), name))


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the file."""
    found: dict[str, Any] = table("config.schema")
    return found


def load(path: str) -> Config:
    """Read a file that the user names; raises ConfigError."""
    values = _values(path, wanted=True)
    return Config(path, values or {})


def find(paths: Sequence[str]) -> Config | None:
    """Return the configuration of some paths to audit, or None; raises ConfigError also where two of them differ."""
    found: dict[str, Config] = {}
    for path in paths:
        config = next(_found(path), None)
        if config is not None:
            found.setdefault(os.path.realpath(config.path), config)
    if len(found) > 1:
        names = " and ".join(config.path for config in found.values())
        message = f"there is more than one configuration for these paths, {names}: name one with --config"
        raise ConfigError(message)
    return next(iter(found.values()), None)


def _found(path: str) -> Iterator[Config]:
    for folder in _folders(path):
        for name in NAMES:
            file = os.path.join(folder, name)
            if os.path.lexists(file):
                values = _values(file, wanted=name == NAMES[0])
                if values is not None:
                    yield Config(file.removeprefix("./"), values)


def _folders(path: str) -> Iterator[str]:
    """Yield the folders in which the configuration of a path may lie, the nearest first."""
    folder = path if Path(path).is_dir() else os.path.dirname(path) or "."
    last = git_root(folder) or os.path.realpath(root_of(folder) or Path(folder, os.pardir))
    while True:
        yield folder
        if os.path.realpath(folder) in (last, "/"):
            return
        folder = os.path.normpath(os.path.join(folder, os.pardir))


def _values(path: str, *, wanted: bool) -> dict[str, Any] | None:
    """Return what a file says; None for a file of others, which need not be ours to read."""
    import tomllib  # most audits find no such file

    is_project = Path(path).name == NAMES[1]
    try:
        data = tomllib.loads(own_text(path))
    except OSError as error:
        message = f"{path}: {(error.strerror or 'cannot be read').lower()}"
        raise ConfigError(message) from error
    except (ValueError, RecursionError) as error:
        if is_project and not wanted:
            return None
        message = f"{path}: {error}"
        raise ConfigError(message) from error
    if is_project:
        tools = data.get("tool")
        ours = tools.get("mailaudit") if isinstance(tools, dict) else None
        if ours is None and not wanted:
            return None
        if ours is None:
            message = f"{path}: it has no [tool.mailaudit]"
            raise ConfigError(message)
        data = ours
    for wrong in problems(data, schema()):
        message = f"{path}: {wrong}"
        raise ConfigError(message)
    return data


def own_text(path: str, limit: int = MAX_BYTES) -> str:
    """Return the text of a file that is mailaudit's own; raises OSError, or ValueError with what is wrong with it."""
    # A FIFO would keep its reader waiting.
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            message = f"not a regular file of at most {limit >> 20} MiB"
            raise ValueError(message)
        return file.read(limit + 1).decode("utf-8")


def problems(value: object, rules: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """Yield what is wrong with a value according to a JSON Schema of the few keywords that ours has."""
    kind, called = _TYPES[rules.get("type", "string")]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        yield f"{where or 'the file'} must be {called}"
    elif isinstance(value, dict):
        yield from _table_problems(value, rules, where)
    elif isinstance(value, list):
        for one in value:
            yield from problems(one, rules["items"], f"each element of {where}")
    elif "enum" in rules and value not in rules["enum"]:
        yield f"{where} must be one of {', '.join(rules['enum'])}{_meant(str(value), rules['enum'])}"
    elif isinstance(value, int) and not rules.get("minimum", value) <= value <= rules.get("maximum", value):
        yield f"{where} must be from {rules['minimum']} to {rules['maximum']}"


def _table_problems(table: Mapping[str, object], rules: Mapping[str, Any], where: str) -> Iterator[str]:
    known = rules.get("properties", {})
    for key, value in table.items():
        name = f"{where}.{key}" if where else key
        if key in known:
            yield from problems(value, known[key], name)
        elif isinstance(rules.get("additionalProperties"), dict):
            yield from problems(value, rules["additionalProperties"], name)
        else:
            yield f"unknown key {name!r}{_meant(key, known)}"


def _meant(word: str, known: Sequence[str] | Mapping[str, object]) -> str:
    near = similar(word, known)
    return f"; did you mean {near!r}?" if near else ""
