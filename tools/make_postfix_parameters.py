"""Make auditor/data/postfix-parameters.json: names, types and defaults of Postfix's parameters, by version.

    python tools/make_postfix_parameters.py [../shared/settings [OUTPUT]]

Sources: ``postfix-params-patchlevels.json`` (``src/global/mail_params.h`` of every release from 2.10.0 on),
``postconf-d-SUITE.txt`` (``postconf -d`` of Debian's packages, for what the headers leave to the build and for what
Debian changes) and ``tools/postfix_sources.json`` (types, ranges and programs from the ``CONFIG_*_TABLE`` of the
sources).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
OUTPUT: Final = HERE.parent / "auditor/data/postfix-parameters.json"
DUMPS: Final = {"bookworm": "3.7", "trixie": "3.10", "sid": "3.11"}
"""Debian suites and the branch of their Postfix."""
DEBIAN_CHANGES: Final = (
    "daemon_directory",
    "default_cache_db_type",
    "default_database_type",
    "alias_database",
    "alias_maps",
    "html_directory",
    "manpage_directory",
    "meta_directory",
    "readme_directory",
    "shlib_directory",
)
"""Parameters whose default Debian's packages set at build time (debian/rules); elsewhere upstream's apply."""
UPSTREAM_BUILD: Final = {
    "default_database_type": "hash",
    "default_cache_db_type": "btree",
    "alias_database": "hash:/etc/aliases",
    "alias_maps": "hash:/etc/aliases, nis:mail.aliases",
}
"""Upstream's values on Linux of what the headers leave to the build: ``src/util/sys_defs.h``, makedefs."""
HOST_DEPENDENT: Final = ("myhostname", "mydomain", "mynetworks", "process_id", "process_name", "service_name")
"""Defaults that the running system decides; they have no value in the table."""

History = list[list[str]]


def version_key(version: str) -> tuple[int, ...]:
    """Return a version for comparison."""
    return tuple(int(part) for part in version.split("."))


def dump(file: Path) -> dict[str, str]:
    """Read the text of ``postconf -d``."""
    pairs = (line.partition(" =") for line in file.read_text().splitlines())
    return {name: value.strip() for name, separator, value in pairs if separator}


def types(sources: dict[str, object]) -> dict[str, tuple[str, str, str]]:
    """Return type, programs and range of each parameter."""
    found: dict[str, tuple[str, str, str]] = {}
    tables = sources["types"]
    assert isinstance(tables, dict)
    for kind, entries in tables.items():
        for name in entries:
            programs, _, limits = (entries[name] if isinstance(entries, dict) else "").partition("[")
            found[name] = (kind.lower(), programs.strip(), limits.rstrip("]"))
    return found


def spelled(value: str, kind: str) -> str:
    """Return a header's default as postconf prints it: booleans are numbers in the headers."""
    return {"1": "yes", "0": "no"}.get(value, value) if kind == "bool" else value


def kind_then(name: str, kind: str) -> str:
    """Return a parameter's type in the header; one was a boolean in its first releases."""
    return "bool" if name == "smtpd_forbid_bare_newline" else kind


def corrections(
    histories: dict[str, dict[str, History]], dumps: dict[str, dict[str, str]]
) -> dict[str, dict[str, str]]:
    """Return by parameter what a header's text stands for, where the dump of the same branch prints something else.

    Headers have sums, symbols of other headers and ``#ifdef``; a dump has what the compiler made of them.
    """
    found: dict[str, dict[str, str]] = {}
    for branch, values in dumps.items():
        for name, value in values.items():
            candidates = {text for _, text in histories.get(name, {}).get(branch, [])}
            if candidates and value not in candidates:
                found.setdefault(name, {}).update(dict.fromkeys(candidates, value))
    return found


def compact(branches: list[str], history: dict[str, History]) -> tuple[History, History]:
    """Return the branches with whose first release the value changed, and the changes inside branches."""
    main: History = []
    patches: History = []
    for branch in branches:
        changes = history.get(branch, [])
        start = [branch, changes[0][1]] if changes and changes[0][0] == f"{branch}.0" else [branch]
        if (main and main[-1][1:] != start[1:]) or (not main and len(start) > 1):
            main.append(start)
        patches += changes[len(start) - 1 :]
    return main, patches


def read_histories(
    params: dict[str, dict[str, History]], kinds: dict[str, tuple[str, str, str]], dumps: dict[str, dict[str, str]]
) -> dict[str, dict[str, History]]:
    """Return by parameter and branch the releases and their defaults, of every parameter that a program reads."""
    histories: dict[str, dict[str, History]] = {}
    for name in sorted(set(kinds) | {name for values in dumps.values() for name in values}):
        kind = kind_then(name, kinds.get(name, ("str", "", ""))[0])
        histories[name] = {
            branch: [[release, spelled(value, kind)] for release, value in changes if value is not None]
            for branch, changes in params.get(name, {}).items()
        }
        for branch, values in dumps.items():
            if name not in values:
                histories[name].pop(branch, None)
    return histories


def settle(histories: dict[str, dict[str, History]], fixed: dict[str, dict[str, str]]) -> None:
    """Replace what the headers leave open by what upstream's build makes of it."""
    for name, history in histories.items():
        for change in (change for changes in history.values() for change in changes):
            if name in UPSTREAM_BUILD:
                change[1] = UPSTREAM_BUILD[name]
            elif name in HOST_DEPENDENT:
                change[1] = ""
            elif name not in DEBIAN_CHANGES:
                change[1] = fixed.get(name, {}).get(change[1], change[1])


def main() -> None:
    """Write the table."""
    settings = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "../shared/settings"
    header = json.loads((settings / "postfix-params-patchlevels.json").read_text())
    sources = json.loads((HERE / "postfix_sources.json").read_text())
    dumps = {branch: dump(settings / f"postconf-d-{suite}.txt") for suite, branch in DUMPS.items()}
    kinds = types(sources)
    branches = sorted(header["branches"], key=version_key)
    histories = read_histories(header["params"], kinds, dumps)
    settle(histories, corrections(histories, dumps))
    parameters: dict[str, list[object]] = {}
    for name, history in histories.items():
        kind, programs, limits = kinds.get(name, ("str", "", ""))
        main_line, patches = compact(branches, {branch: changes for branch, changes in history.items() if changes})
        if main_line:
            changes = [[since, old.lower(), span] for since, old, span in sources["changed"].get(name, ())]
            parameters[name] = [kind, programs, limits, main_line, patches, *([changes] if changes else [])]
    debian = {
        branch: {name: values[name] for name in DEBIAN_CHANGES if name in values} for branch, values in dumps.items()
    }
    data = {
        "source": "made by tools/make_postfix_parameters.py from src/global/mail_params.h of Postfix "
        f"{header['branches'][branches[0]][0]} to {header['branches'][branches[-1]][1]}, CONFIG_*_TABLE of its sources "
        "and postconf -d of Debian's 3.7.11, 3.10.13 and 3.11.7",
        "columns": [
            "type",
            "programs",
            "range",
            "default since branch",
            "default since patch release",
            "type and range since release, where they changed",
        ],
        "newest": header["branches"][branches[-1]][1],
        "parameters": parameters,
        "debian": debian,
        "legacy": sources["legacy"],
        "service": sources["service"],
        "table": sources["table"],
    }
    lines = [f" {json.dumps(name)}: {json.dumps(row, ensure_ascii=False)}" for name, row in parameters.items()]
    rest = {key: value for key, value in data.items() if key != "parameters"}
    text = json.dumps(rest, ensure_ascii=False, indent=0)
    output = Path(sys.argv[2]) if len(sys.argv) > 2 else OUTPUT
    output.write_text(text[:-2] + ',\n"parameters": {\n' + ",\n".join(lines) + "\n}}\n")
    print(f"{output.name}: {len(parameters)} parameters")


if __name__ == "__main__":
    main()
