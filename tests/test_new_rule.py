"""The scaffold of a rule: its cases are sound, and its tests fail until it does something."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from cases import Case

from auditor.finding import Severity

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture
def new_rule(monkeypatch: pytest.MonkeyPatch):
    specification = importlib.util.spec_from_file_location("new_rule", REPOSITORY / "tools/new_rule.py")
    module = importlib.util.module_from_spec(specification)
    monkeypatch.setitem(sys.modules, "new_rule", module)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize("subject", ["dovecot", "postfix", "cross"])
def test_its_cases_are_sound_and_it_finds_nothing_yet(new_rule, subject: str, tmp_path: Path) -> None:
    products = (subject,) if subject in new_rule.LANGUAGES else tuple(new_rule.LANGUAGES)
    made = new_rule.begin(subject, "some-new-problem", "high", products, tmp_path)
    rule, *_ = made
    compile(rule.read_text(), str(rule), "exec")
    folders = sorted({path.parent for path in made if path.name == "case.toml"})
    assert {folder.name.partition("-")[0] for folder in folders} == {"bad", "ok"}
    for number, folder in enumerate(folders):
        case, tree = Case(folder), tmp_path / f"tree{number}"
        case.materialise(tree)
        audit = case.audited(tree)
        assert audit.read_something
        assert not audit.failures
        aside = [one for one in audit.findings if one.primary.default_of is not None or one.severity is Severity.INFO]
        assert [one for one in audit.findings if one not in aside] == []


def test_it_never_overwrites_a_rule(new_rule, tmp_path: Path) -> None:
    new_rule.begin("postfix", "some-new-problem", "low", ("postfix",), tmp_path)
    with pytest.raises(FileExistsError):
        new_rule.begin("postfix", "some-new-problem", "low", ("postfix",), tmp_path)
