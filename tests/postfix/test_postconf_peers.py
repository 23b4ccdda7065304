"""Postfix's own tests of postconf, as far as they print parameters or services."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from auditor.host import Host, Mount
from auditor.postfix.read import read_postfix
from auditor.postfix.shown import parameters_shown

PEERS = Path(__file__).parents[2] / "../shared/peer-tests/postfix-postconf"


def cases() -> list[Any]:
    found = []
    for file in sorted(PEERS.glob("*/expected.json")):
        case = json.loads(file.read_text())
        if len(case["runs"]) != 1:
            continue
        first, *rest = case["runs"][0]["args"]
        letters = set(first) - set("-cf.")
        if letters in ({"n"}, {"n", "x"}, {"M"}) and rest in ([], ["."]) and "|" not in case["recipe"][-2]:
            found.append(pytest.param(file.parent, case, letters, id=case["case"]))
        elif letters == set() and rest == [".", "-M"]:
            found.append(pytest.param(file.parent, case, {"M"}, id=case["case"]))
    return found or [pytest.param(None, {}, set(), marks=pytest.mark.skip(reason="../shared/peer-tests is not here"))]


@pytest.mark.parametrize(("folder", "case", "letters"), cases())
def test_postconf_peer_cases(folder: Path, case: dict[str, Any], letters: set[str]) -> None:
    host = Host((Mount("/etc/postfix", str(folder / "run0")),))
    configuration = read_postfix(host, "/etc/postfix", "3.11.7")
    expected = re.sub(r"\n +", " ", case["expected_output"])
    lines = [line for line in expected.splitlines() if not line.startswith("./postconf: ")]
    if "fatal:" in expected:
        assert configuration.problems
        return
    if "M" in letters:
        printed = [
            f"{one.service} {one.type} {one.private} {one.unpriv} {one.chroot} {one.wakeup} {one.maxproc} {one.command}"
            for one in configuration.services
        ]
        assert printed == [re.sub(" +", " ", line) for line in lines]
        return
    values = {
        name: one.expanded if "x" in letters else one.value for name, one in parameters_shown(configuration).items()
    }
    assert [f"{name} = {value}".rstrip() for name, value in values.items() if name != "config_directory"] == [
        line.rstrip() for line in lines if not line.startswith("config_directory =")
    ]
