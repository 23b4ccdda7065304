"""Who may relay on running daemons is who may relay by the model: random configurations, every session as it says.

MAILAUDIT_RELAY says how many services of each daemon, 40 without it; ``relay_trials.py`` runs more.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import relay_trials

if TYPE_CHECKING:
    from pathlib import Path

COUNT = int(os.environ.get("MAILAUDIT_RELAY", "40"))


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_every_session_goes_as_the_model_says(suite: str, chroots: Path, certificates: dict[str, Path]) -> None:
    differences: list[str] = []
    for result in relay_trials.run(chroots, certificates, suite, COUNT):
        differences += result.differences
        assert result.taken
    assert differences == []
