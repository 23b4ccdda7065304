"""Make auditor/data/dovecot-names.json: which releases of Dovecot 2.2 and 2.3 know which global settings.

    python tools/make_dovecot_names.py GIT [OUTPUT]

GIT is a clone of https://github.com/dovecot/core with its tags. Source: the ``setting_define`` tables in
``src/**/*settings*.c`` of each tag from 2.2.28 on; there a name stands as ``DEF(type, name)`` or ``"name"``, in
src/auth/auth-settings.c without its ``auth_``. The names looked for are those of the tables that
tools/make_dovecot_settings.py makes; settings of Pigeonhole and of the two statistics processes, which build their
names otherwise, are left out. Names that every release has are left out, too.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import groupby
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
DATA: Final = HERE.parent / "auditor/data"
TABLES: Final = ("2.2.36", "2.3.13", "2.3.19", "2.3.21")
FIRST: Final = (2, 2, 28)
END: Final = (2, 3, 90)
"""Tags from here on are steps towards 2.4."""
ELSEWHERE: Final = re.compile("managesieve_|(?:old_)?stats_(?:carbon|command|domain|ip|memory|session|user)_")
DEFINITIONS: Final = "DEF|SET_|[.]key"


def numbers(tag: str) -> tuple[int, ...]:
    """Return a tag for comparison."""
    return tuple(int(part) for part in tag.split("."))


def git(repository: str, *arguments: str) -> str:
    """Return what git prints."""
    done = subprocess.run(["git", "-C", repository, *arguments], capture_output=True, text=True, check=False)
    return done.stdout


def words(repository: str, tag: str, *paths: str) -> set[str]:
    """Return the words on the lines that define settings."""
    return set(re.findall(r"\w+", git(repository, "grep", "-hE", DEFINITIONS, tag, "--", *paths)))


def main() -> None:
    """Write the table."""
    repository = sys.argv[1]
    output = Path(sys.argv[2]) if len(sys.argv) > 2 else DATA / "dovecot-names.json"
    listed = git(repository, "tag").split()
    tags = sorted((tag for tag in listed if re.fullmatch(r"2\.[23]\.\d+(?:\.\d+)?", tag)), key=numbers)
    tags = [tag for tag in tags if FIRST <= numbers(tag) < END]
    names = {
        name
        for version in TABLES
        for name in json.loads((DATA / f"dovecot-{version}.json").read_text())["sections"][""]
        if not ELSEWHERE.match(name)
    }
    known: list[set[str]] = []
    for tag in tags:
        found = words(repository, tag, "src/*settings*.c")
        auth = words(repository, tag, "src/auth/auth-settings.c")
        known.append({name for name in names if name in found or name.removeprefix("auth_") in auth})
    history = {}
    for name in sorted(names):
        runs = [(here, list(group)) for here, group in groupby(range(len(tags)), lambda at: name in known[at])]  # noqa: B023
        if len(runs) > 1:
            ends = [at[-1] + 1 for _, at in runs]
            history[name] = [
                [tags[at[0]], tags[end] if end < len(tags) else ""]
                for (here, at), end in zip(runs, ends, strict=True)
                if here
            ]
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(runs)}" for name, runs in history.items())
    source = "made by tools/make_dovecot_names.py from the tags of dovecot/core; names with releases from, until"
    output.write_text(
        f'{{\n "source": {json.dumps(source)},\n "releases": {json.dumps(tags)},\n "names": {{\n{lines}\n }}\n}}\n'
    )


if __name__ == "__main__":
    main()
