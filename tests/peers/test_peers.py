"""The peers' own tests: each case passes or is listed, with its reason, in not_applicable.py.

``pytest tests/peers`` ends with the number of cases of each suite.
"""

from __future__ import annotations

import not_applicable
import pytest
import suites

CASES = list(suites.cases())


@pytest.mark.skipif(not suites.PEERS.is_dir(), reason="../shared/peer-tests is not here")
def test_all_suites_are_here() -> None:
    here = {path.name for path in suites.PEERS.iterdir() if path.is_dir() and not path.name.startswith("oracle-")}
    assert {case.name.partition("/")[0] for case in CASES} >= here


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_peer_case(case: suites.Case) -> None:
    if why := not_applicable.reason(case.name):
        pytest.skip(why)
    case.check()
