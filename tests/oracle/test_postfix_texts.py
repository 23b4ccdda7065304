"""Short main.cf and master.cf mean to mailaudit what they mean to postconf and to the programs of Postfix."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import generated_postfix
import pytest
from daemons import SUITES
from strategies_dovecot import Sample

TEXTS = (Path(__file__).parents[1] / "data/postfix-texts.txt").read_text("utf-8").split("====\n")


def sample(text: str) -> Sample:
    main, *master = re.split("^--- master.cf\n", text, flags=re.MULTILINE)
    return Sample({"main.cf": [main.encode()], "master.cf": [part.encode() for part in master]})


@pytest.mark.parametrize("suite", SUITES)
def test_texts(suite: str, oracle: Any) -> None:
    found = generated_postfix.differences(oracle, suite, [sample(text) for text in TEXTS])
    differences = {text: found for text, (found, *_) in zip(TEXTS, found, strict=True) if found}
    assert differences == {}
