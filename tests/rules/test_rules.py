"""Each rule is documented, named after its file and proved by cases."""

from __future__ import annotations

import pytest
from cases import all_cases

from auditor.rule import SECTIONS, AnyRule, discover, documentation

RULES = {rule.name: rule for rule in discover()}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_its_docstring_has_every_section(rule: type[AnyRule]) -> None:
    parts = documentation(rule)
    assert [part for part in ("Summary", *SECTIONS) if not parts.get(part)] == []
    assert list(parts) == ["Summary", *SECTIONS]
    assert "\n" not in parts["Summary"]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_it_is_named_after_its_file(rule: type[AnyRule]) -> None:
    assert rule.name == rule.__module__.rpartition(".")[2].replace("_", "-")


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_it_has_cases_of_both_kinds(rule: type[AnyRule]) -> None:
    cases = [case for case in all_cases() if case.rule == rule.name]
    dialects = ("2.3", "2.4") if rule.product == "dovecot" and rule.versions == "all" else ("any",)
    wanted = {(kind, dialect) for kind in ("bad", "ok") for dialect in dialects}
    have = {("bad" if case.is_bad else "ok", dialect) for case in cases for dialect in (case.dialect, "any")}
    assert wanted - have == set()


def test_no_case_is_without_its_rule() -> None:
    assert sorted({case.rule for case in all_cases()} - RULES.keys()) == []
