"""Make docs/fidelity.md of what the comparisons with the daemons said.

``python tests/oracle/fidelity.py > RESULTS``, then ``python tests/oracle/generated.py NAME COUNT >> RESULTS`` for each
NAME, then ``python -m pytest -q tests/peers >> RESULTS``, then ``python tools/make_fidelity_table.py RESULTS``. All
other lines of RESULTS are passed over.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

VERSIONS: Final = {
    "dovecot-bullseye": "Dovecot 2.3.13",
    "dovecot-bookworm": "Dovecot 2.3.19.1",
    "dovecot-trixie": "Dovecot 2.4.1",
    "dovecot-sid": "Dovecot 2.4.5",
    "postfix-bullseye": "Postfix 3.5.25",
    "postfix-bookworm": "Postfix 3.7.11",
    "postfix-trixie": "Postfix 3.10.13",
    "postfix-sid": "Postfix 3.11.7",
}
TEXT: Final = """# How far mailaudit reads what the daemons read

Made by `tools/make_fidelity_table.py` of a run of `tests/oracle`; do not edit.

## Trees

Each configuration of `../shared` that has the dialect. "Equal" are settings that `doveconf -n`, `postconf -n`,
`postconf -nx` and `postconf -P` print with the same name and value; the services of `postconf -M` are compared, too.
"Refused alike" are trees that the daemon refuses and mailaudit with it, on the same line. The listed exceptions, each
with its reason, are in `tests/oracle/dovecot23_exceptions.py` and `tests/oracle/dovecot24_exceptions.py`.

| daemon | trees | settings compared | equal | in trees that differ | refused alike | listed exceptions |
| --- | --- | --- | --- | --- | --- | --- |
{trees}

## Random configurations

`tests/oracle/generated.py NAME COUNT SEED` compares configuration 0 to COUNT - 1 of a seed, each time the same ones, as
long as the generator stays as it is: whether both refuse, the line and (Dovecot) the words of the refusal, and every
setting, for Dovecot also with `-f protocol=imap` and other filters, for Postfix also
what postmap says when it starts. `MAILAUDIT_GENERATED` says how many the tests run.

| daemon | seed | configurations | loaded | refused | settings compared | listed exceptions | disagreements |
| --- | --- | --- | --- | --- | --- | --- | --- |
{generated}

The listed exceptions are in `tests/oracle/generated_exceptions.py`, each with its reason. "Refused" includes refusals
that both agree on while mailaudit names further lines before, and what `doveconf -n` of 2.4 refuses alone: there
`doveconf -F -C`, which the daemon runs at its start, is compared.

What is left out, because it cannot agree or is not the language:

- Dovecot: names that DNS would have to know in `local` and `remote`; nets of 0 bits, which doveconf 2.3 prints as if
  there were no filter; how often a word is repeated in a boolean list.
- Postfix: `$mynetworks` and `$process_name` where nothing sets them, which depend on the host and the program;
  `-oname=value` with another `o` in it, which postconf takes apart and the daemon does not; references that cannot be
  expanded in parameters that no program of Postfix reads: postconf alone refuses them.

## The peers' own tests

The cases of Postfix's, Dovecot's and Augeas' own tests (`tests/peers`). Those that do not apply are in
`tests/peers/not_applicable.py`, each with its reason.

| suite | passed | failed | do not apply |
| --- | --- | --- | --- |
{peers}
"""
PEERS: Final = re.compile(r"([\w-]+): (\d+) passed, (\d+) failed, (\d+) do not apply")
"""How ``pytest tests/peers`` ends."""


def main() -> None:
    """Write the table."""
    lines = [line for name in sys.argv[1:] for line in Path(name).read_text().splitlines()]
    rows = [json.loads(line) for line in lines if line.startswith('{"')]
    peers = [_line(*found.groups()) for found in map(PEERS.fullmatch, lines) if found]
    text = TEXT.format(trees="\n".join(_trees(rows)), generated="\n".join(_generated(rows)), peers="\n".join(peers))
    Path(__file__).parents[1].joinpath("docs/fidelity.md").write_text(text)


def _trees(rows: list[dict[str, Any]]) -> list[str]:
    lines = []
    for row in rows:
        if "trees" in row:
            found = Counter(row["outcomes"])
            cells = [found[key] for key in ("trees", "settings", "settings equal")]
            cells += [found["settings"] - found["settings equal"], found["refused alike"], found["listed exceptions"]]
            lines.append(_line(f"{row['trees']} {row['version']}", *cells))
    return lines


def _generated(rows: list[dict[str, Any]]) -> list[str]:
    sums: dict[tuple[str, int], Counter[str]] = {}
    for row in rows:
        if "name" in row:
            found = sums.setdefault((row["name"], row["seed"]), Counter())
            found.update(row["outcomes"])
            found.update({"all": sum(row["outcomes"].values()), "settings": row["settings"]})
            found["differences"] += row["differences"]
    return [
        _line(
            VERSIONS[name],
            seed,
            *(found[key] for key in ("all", "loaded")),
            found["all"] - found["loaded"] - found["listed exceptions"],
            found["settings"],
            found["listed exceptions"],
            found["differences"],
        )
        for (name, seed), found in sums.items()
    ]


def _line(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    main()
