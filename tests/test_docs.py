"""The pages that are made are those that lie in docs/, and what is written by hand names only what there is."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cases import all_cases

REPOSITORY = Path(__file__).parents[1]
DOCS = REPOSITORY / "docs"
sys.path.insert(0, str(REPOSITORY / "tools"))

import make_docs  # noqa: E402 - found by the line above

PAGES = make_docs.pages()


@pytest.mark.parametrize("name", PAGES)
def test_it_is_fresh(name: str) -> None:
    assert (DOCS / name).is_file(), "run tools/make_docs.py"
    assert (DOCS / name).read_text("utf-8") == PAGES[name], "run tools/make_docs.py"


def test_no_page_is_left_over() -> None:
    left = {f"rules/{path.name}" for path in (DOCS / "rules").iterdir()} - PAGES.keys()
    assert left == set(), "run tools/make_docs.py"


def test_every_case_stands_on_the_page_of_its_rule() -> None:
    assert [case.id for case in all_cases() if f"tests/rules/{case.id})" not in PAGES[f"rules/{case.rule}.md"]] == []


@pytest.mark.parametrize("page", [REPOSITORY / "README.md", REPOSITORY / "CHANGELOG.md", *DOCS.rglob("*.md")], ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"(?s)```.*?```", "", page.read_text("utf-8"))
    targets = [one.split("#")[0] for one in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in one]
    assert [one for one in targets if one and not (page.parent / one).exists()] == []


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
def test_the_man_page_has_no_warning() -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-P-c", str(DOCS / "mailaudit.1")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert "--write-baseline" in re.sub("[\u2010\u2212]", "-", re.sub(".\b", "", done.stdout))
