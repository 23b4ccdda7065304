"""Every rule of the catalogue is there, or docs/left-out.md says why not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from auditor.rule import discover

REPOSITORY = Path(__file__).parents[1]
CATALOGUE = REPOSITORY.parent / "shared/reference/rules.json"
LEFT_OUT = re.findall(r"(?m)^\| `([a-z0-9-]+)` \| \S", (REPOSITORY / "docs/left-out.md").read_text("utf-8"))
BUILT = {rule.name for rule in discover()}


def test_no_rule_is_left_out_that_is_built_or_twice() -> None:
    assert LEFT_OUT
    assert len(LEFT_OUT) == len({*LEFT_OUT} - BUILT)


@pytest.mark.skipif(not CATALOGUE.exists(), reason="needs the catalogue, which is not part of the repository")
def test_every_rule_of_the_catalogue_is_built_or_left_out() -> None:
    catalogue = {one["id"] for one in json.loads(CATALOGUE.read_text("utf-8"))}
    assert catalogue - BUILT == {*LEFT_OUT}
