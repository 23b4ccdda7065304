"""The access table against the daemons: what it says of logins at random configurations is what happens.

MAILAUDIT_RANDOM_AUTH=500 runs so many configurations of each dialect; MAILAUDIT_RANDOM_SEED chooses others.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest
from cage import Cage
from random_attempts import VERSIONS, Prediction, Try
from random_auth import configuration
from servers import Dovecot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SEED: Final = os.environ.get("MAILAUDIT_RANDOM_SEED", "who can get in")
NUMBER: Final = int(os.environ.get("MAILAUDIT_RANDOM_AUTH", "8"))
OTHERS: Final = 30
"""Logins tried at each configuration beside those of the rows."""
SUITES: Final = {"2.3": "bookworm", "2.4": "trixie"}


class Outcome(NamedTuple):
    """What was tried at one configuration, and what went otherwise than the table says, in words."""

    tried: int
    succeeded: int
    disagreements: tuple[str, ...]


def outcome(dialect: str, number: int, folder: Path, chroots: Path, certificates: dict[str, Path]) -> Outcome:
    """Run one configuration and try its logins."""
    chosen = configuration(SEED, number, dialect)
    chosen.write(folder / "host")
    prediction = Prediction(chosen, folder / "host")
    expected: dict[Try, bool] = {attempt: True for row in prediction.rows for attempt in prediction.tries_for(row)}
    for attempt in prediction.some(Random(f"{SEED}/{number}/tries"), OTHERS):
        if prediction.is_told(attempt):
            expected.setdefault(attempt, prediction.says(attempt))
    with Cage(chroots / SUITES[dialect], folder / "cage") as cage:
        server = Dovecot(cage, folder / "host", dialect, lambda _: None, certificates_log_in=False)
        if not server.started:
            return Outcome(0, 0, (f"it does not start: {server.refusal}\n{chosen.text}",))
        with ThreadPoolExecutor(16) as pool:
            happened = list(pool.map(lambda attempt: attempt.happens(cage, certificates), expected))
        wrong = [
            f"{'succeeds' if success else 'fails'}: {attempt}"
            for (attempt, says), success in zip(expected.items(), happened, strict=True)
            if says is not success
        ]
        if wrong:
            users = "".join(f"{passdb.file}: {passdb.entries}\n" for passdb in chosen.passdbs)
            wrong.append(f"{chosen.text}{users}CA: {chosen.ca}")
        return Outcome(len(expected), sum(happened), tuple(wrong))


@pytest.mark.parametrize("dialect", VERSIONS)
def test_logins_go_as_the_table_says(
    dialect: str,
    chroots: Path,
    certificates: dict[str, Path],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    def try_one(number: int) -> Outcome:
        return outcome(dialect, number, tmp_path / str(number), chroots, certificates)

    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        outcomes = list(pool.map(try_one, range(NUMBER)))
    wrong = [
        f"configuration {number}: " + "\n".join(one.disagreements)
        for number, one in enumerate(outcomes)
        if one.disagreements
    ]
    tried, succeeded = (sum(numbers) for numbers in zip(*((one.tried, one.succeeded) for one in outcomes), strict=True))
    record_property("figures", f"{NUMBER} configurations, {tried} logins, {succeeded} of them succeed, seed {SEED!r}")
    assert not wrong, "\n\n".join([f"{len(wrong)} of {NUMBER} disagree", *wrong[:5]])
    assert succeeded, "no login succeeds at all"
