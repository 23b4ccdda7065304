"""Every claim of the two sources is checked by a case or a test, and the page about it is fresh."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
REFERENCE = REPOSITORY.parent / "shared/reference"
NAMES = {"EX01": frozenset({"one"}), "EX02": frozenset({"two"}), "EX03": frozenset({"three"})}
ROWS = """
## SEED-B: a document

| line | claim | rules | note |
|---|---|---|---|
| 1-2 | said | EX01, EX03 | |
| 3 | said, too | EX01-EX02 | |
| 3 | and also said | model | |
| 4 | told | - | |
"""

needs_the_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason="needs ../shared/reference")


@pytest.fixture(scope="module")
def coverage():
    specification = importlib.util.spec_from_file_location("coverage", REPOSITORY / "tools/make_source_coverage.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def known(coverage):
    names = coverage.rule_names(REFERENCE / "rules.json")
    return coverage.claims((REFERENCE / "SOURCE-COVERAGE.md").read_text(), names)


@pytest.fixture(scope="module")
def marks(coverage):
    return coverage.marks(REPOSITORY / "tests")


@needs_the_reference
def test_every_claim_is_checked_by_what_is_about_it(coverage, known, marks) -> None:
    assert len(known) == 109
    assert coverage.wrong(known, marks) == []


@needs_the_reference
def test_the_page_is_fresh(coverage, known, marks) -> None:
    page = (REPOSITORY / "docs/source-coverage.md").read_text()
    assert page == coverage.table(known, marks), "run tools/make_source_coverage.py"


def test_claims_of_the_same_lines_are_numbered_and_have_the_rules_of_their_rows(coverage) -> None:
    claims = coverage.claims(ROWS, NAMES)
    assert [(one.key, sorted(one.rules), one.has_rule, one.beside_the_rules) for one in claims] == [
        ("blog 1-2", ["one", "three"], True, False),
        ("blog 3 (1)", ["one", "two"], True, False),
        ("blog 3 (2)", [], True, True),
        ("blog 4", [], False, False),
    ]


def write(tests: Path, case: str, facts: str) -> None:
    folder = tests / "rules" / case
    folder.mkdir(parents=True)
    (folder / "case.toml").write_text(facts)


def test_what_is_wrong_is_told(coverage, tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    write(tests, "two/bad-a", 'claims = ["blog 1-2"]\n')
    write(tests, "two/bad-b", 'claims = ["blog 1-2"]\nexpect = ["three"]\n')
    write(tests, "one/ok-a", 'claims = ["blog 1-2", "blog 3", "blog 4"]\n')
    write(tests, "four/ok-a", 'claims = ["blog 3 (2)"]\n')
    assert coverage.wrong(coverage.claims(ROWS, NAMES), coverage.marks(tests)) == [
        "blog 3 (1) is checked neither by a test nor by a bad case and a look-alike",
        "blog 3 (2) is checked neither by a test nor by a bad case and a look-alike",
        "one/ok-a: there is no blog 3",
        "one/ok-a: blog 4 has no rule",
        "two/bad-a: its rule is not about blog 1-2",
    ]


def test_only_the_docstring_of_a_test_counts(coverage, tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_a.py").write_text(
        '# claim: blog 1-2\ndef helper():\n    """claim: blog 4"""\n'
        'class TestA:\n    def test_b(self):\n        """It is so (claim: blog 3 (1), claim: blog 3 (2))."""\n'
    )
    assert [(one.key, one.place) for one in coverage.marks(tmp_path / "tests")] == [
        ("blog 3 (1)", "tests/test_a.py::test_b"),
        ("blog 3 (2)", "tests/test_a.py::test_b"),
    ]
