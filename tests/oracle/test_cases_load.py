"""The real daemons read every case and example as it says: they load it, or refuse it where it says so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from cases import EXAMPLES, Case, all_cases
from postfix_start import postfix_refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

CASES = all_cases()


@pytest.mark.parametrize(
    ("case", "suite"),
    [pytest.param(case, suite, id=f"{case.id}-{suite}") for case in CASES for suite in case.dovecot_suites],
)
def test_dovecot_reads_the_case_as_it_says(case: Case, suite: str, oracle: Any, tmp_path: Path) -> None:
    case.materialise(tmp_path / "host")
    status, _, errors, _ = oracle.dovecot_check(suite, tmp_path / "host/etc/dovecot")
    if not case.refused_at("etc/dovecot/"):
        assert (status, errors) == (0, [])
        return
    assert status != 0
    file, _, line = case.facts["at"].partition(":")
    # "Error in configuration file FILE line N: …", or "… (section started at FILE:N)".
    places = (f"/{file} line {line}:", f"/{file}:{line})")
    assert any(place in error for error in errors for place in places), errors


@pytest.mark.parametrize(
    ("case", "suite"),
    [pytest.param(case, suite, id=f"{case.id}-{suite}") for case in CASES for suite in case.postfix_suites],
)
def test_postfix_reads_the_case_as_it_says(
    case: Case, suite: str, postfix_refusals: dict[tuple[Case, str], Future[str]]
) -> None:
    refusal = postfix_refusals[case, suite].result()
    assert bool(refusal) == case.refused_at("etc/postfix/"), refusal


@pytest.mark.parametrize(
    ("example", "suite"),
    [("article", "bookworm"), ("sound", "bookworm"), ("sound-2.4", "trixie"), ("sound-2.4", "sid")],
)
def test_the_examples_load(example: str, suite: str, oracle: Any) -> None:
    status, _, errors, warnings = oracle.dovecot_check(suite, EXAMPLES / example / "etc/dovecot")
    assert (status, errors, warnings) == (0, [], [])
    assert postfix_refusal(oracle, suite, EXAMPLES / example / "etc/postfix") == ""


@pytest.fixture(scope="module")
def postfix_refusals(
    request: pytest.FixtureRequest, oracle: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[tuple[Case, str], Future[str]]]:
    """What Postfix says about each selected case, asked at once: each smtpd waits a second for a tlsmgr in vain."""

    def ask(case: Case, suite: str) -> str:
        root = tmp_path_factory.mktemp("host")
        case.materialise(root)
        return postfix_refusal(oracle, suite, root / "etc/postfix")

    name = "test_postfix_reads_the_case_as_it_says"
    mine = [item for item in request.session.items if isinstance(item, pytest.Function) and item.originalname == name]
    params = [item.callspec.params for item in mine if not item.get_closest_marker("skip")]
    asked = [(one["case"], one["suite"]) for one in params]
    with ThreadPoolExecutor(16) as pool:
        yield {(case, suite): pool.submit(ask, case, suite) for case, suite in asked}
