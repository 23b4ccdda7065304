"""Random configurations mean to mailaudit what they mean to the daemons.

MAILAUDIT_GENERATED says how many of each dialect, 300 without it; ``generated.py`` runs more and shows how both differ.
"""

from __future__ import annotations

import os
from typing import Any

import generated
import pytest

COUNT = int(os.environ.get("MAILAUDIT_GENERATED", "300"))


@pytest.mark.parametrize(("dialect", "suite"), [name.split("-") for name in generated.COMPARERS])
def test_generated(oracle: Any, dialect: str, suite: str) -> None:
    differences = [
        f"{number}: {difference}"
        for _, result in generated.run(oracle, f"{dialect}-{suite}", COUNT)
        for number, difference, _ in result.differences
    ]
    assert differences == []
