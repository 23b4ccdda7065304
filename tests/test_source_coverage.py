"""Every claim of the two sources is checked by a case or a test, and the page about it is fresh."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
REFERENCE = REPOSITORY.parent / "shared/reference/SOURCE-COVERAGE.md"

pytestmark = pytest.mark.skipif(not REFERENCE.is_file(), reason="needs ../shared/reference")


@pytest.fixture(scope="module")
def coverage():
    specification = importlib.util.spec_from_file_location("coverage", REPOSITORY / "tools/make_source_coverage.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_every_claim_is_checked_and_no_mark_is_of_none(coverage) -> None:
    assert coverage.unchecked(REFERENCE.read_text(), REPOSITORY / "tests") == []


def test_a_claim_without_a_mark_is_told(coverage, tmp_path: Path) -> None:
    reference = "## SEED-B: x\n\n| line | claim | rules |\n|---|---|---|\n| 1-2 | said | EX01 |\n| 3 | said | - |\n"
    assert coverage.unchecked(reference, tmp_path) == ["blog 1-2"]


def test_the_page_is_fresh(coverage) -> None:
    page = (REPOSITORY / "docs/source-coverage.md").read_text()
    assert page == coverage.table(REFERENCE.read_text(), REPOSITORY / "tests"), "run tools/make_source_coverage.py"
