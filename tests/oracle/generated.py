"""Random configurations against the daemons: ``python tests/oracle/generated.py SUITE COUNT [SEED] [FIRST]``.

Prints disagreements, each as small as it stays one. Configuration N of a seed is always the same.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[2])]

import daemons
import generated_dovecot
import generated_exceptions
import generated_postfix
from strategies_dovecot import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

BATCH: Final = 100
SHOWN: Final = 1
"""Differences of one kind that are shown."""
CANDIDATES: Final = 60
"""Smaller configurations that are asked about at once."""
SEED: Final = 1
COMPARERS: Final[dict[str, ModuleType]] = {
    "dovecot-bullseye": generated_dovecot,
    "dovecot-bookworm": generated_dovecot,
    "dovecot-trixie": generated_dovecot,
    "dovecot-sid": generated_dovecot,
    "postfix-bullseye": generated_postfix,
    "postfix-bookworm": generated_postfix,
    "postfix-trixie": generated_postfix,
    "postfix-sid": generated_postfix,
}


@dataclass(slots=True)
class Result:
    """What came of a run."""

    settings: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    differences: list[tuple[int, str, Sample]] = field(default_factory=list)
    listed: list[tuple[int, str]] = field(default_factory=list)
    """Differences that tests/oracle/generated_exceptions.py explains."""


def run(oracle: Any, name: str, count: int, seed: int = SEED, first: int = 0) -> Iterator[tuple[int, Result]]:
    """Compare configurations ``first`` to ``first + count`` of a seed, batch after batch."""
    comparer, suite = COMPARERS[name], name.rpartition("-")[2]
    version = comparer.VERSIONS[suite]
    for start in range(first, first + count, BATCH):
        numbers = range(start, min(start + BATCH, first + count))
        samples = [comparer.sample(Random(f"{name} {seed} {number}"), version) for number in numbers]
        result = Result()
        found = comparer.differences(oracle, suite, samples)
        for number, one, (difference, outcome, settings) in zip(numbers, samples, found, strict=True):
            listed = bool(difference) and bool(generated_exceptions.reason(difference))
            result.outcomes["listed exceptions" if listed else outcome] += 1
            result.settings += settings
            if listed:
                result.listed.append((number, difference))
            elif difference:
                result.differences.append((number, difference, one))
        yield start, result


def smaller(oracle: Any, name: str, one: Sample, difference: str) -> tuple[Sample, str]:
    """Take lines, then parts of lines away as long as both still differ."""
    comparer, suite = COMPARERS[name], name.rpartition("-")[2]
    kind, progress = _kind(difference), True
    while progress:
        progress = False
        for candidates in (list(_without_lines(one)), list(_without_parts(one))):
            if len(candidates) > CANDIDATES:
                candidates = Random(0).sample(candidates, CANDIDATES)
            found = comparer.differences(oracle, suite, candidates) if candidates else []
            for candidate, (other, _, _) in zip(candidates, found, strict=True):
                if other and _kind(other) == kind:
                    one, difference, progress = candidate, other, True
                    break
            if progress:
                break
    return one, difference


def _kind(difference: str) -> str:
    """Return the words of a difference without the names and values in it."""
    return re.sub(r"/tmp/\S+|[0-9]+|'[^']*'|\"[^\"]*\"", "", difference)[:24]


def _without_lines(one: Sample) -> Iterator[Sample]:
    for size in (8, 4, 2, 1):
        for name, lines in one.files.items():
            if len(lines) < size:
                continue
            for at in range(0, len(lines) - size + 1, max(size // 2, 1)):
                yield Sample(one.files | {name: lines[:at] + lines[at + size :]}, one.scope)
    if one.scope:
        yield Sample(one.files)


def _without_parts(one: Sample) -> Iterator[Sample]:
    for name, lines in one.files.items():
        for index, line in enumerate(lines):
            for size in (8, 3, 1):
                for at in range(0, len(line) - size, size):
                    if line.startswith(b"dovecot_"):
                        continue
                    cut = [*lines[:index], line[:at] + line[at + size :], *lines[index + 1 :]]
                    yield Sample(one.files | {name: cut}, one.scope)


def main(arguments: list[str]) -> None:
    """Run what the command line asks for; each batch is a line of JSON, which tools/make_fidelity_table.py sums up."""
    name, count, seed, first, *_ = [*arguments, *(str(SEED), "0")[len(arguments) - 2 :]]
    oracle = daemons.load()
    kinds: Counter[str] = Counter()
    for start, result in run(oracle, name, int(count), int(seed), int(first)):
        for number, difference in result.listed:
            _write(f"--- {number}, listed: {difference}")
        for number, difference, one in result.differences:
            kinds[_kind(difference)] += 1
            _write(f"=== {number}: {difference}")
            if kinds[_kind(difference)] <= SHOWN:
                small, words = smaller(oracle, name, one, difference)
                _write(f"{words} {small.scope or ''}", *map(_printable, small.files.items()))
        row = {"name": name, "seed": int(seed), "first": start, "settings": result.settings}
        _write(json.dumps(row | {"outcomes": result.outcomes, "differences": len(result.differences)}))


def _write(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _printable(file: tuple[str, list[bytes]]) -> str:
    return f"--- {file[0]}\n{b''.join(file[1]).decode('utf-8', 'backslashreplace')}"


if __name__ == "__main__":
    main(sys.argv[1:])
