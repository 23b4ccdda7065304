"""Every bad case triggers its rule and no other; every look-alike does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases import Case, all_cases, place

from auditor.finding import Severity

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.audit import Audit
    from auditor.finding import Finding


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.id)
def test_case(case: Case, tmp_path: Path) -> None:
    root = tmp_path / "host"
    case.materialise(root)
    result = case.audited(root)
    said = [
        f"{one.rule} ({one.severity.value}) at {place(one.primary, root)}: {one.message}" for one in result.findings
    ]
    # What other rules say of defaults is about all that a small configuration leaves out; an info is a note.
    aside = {one for one in result.findings if one.primary.default_of is not None or one.severity is Severity.INFO}
    fired = {one.rule for one in result.findings if one.rule in case.expected | {case.rule} or one not in aside}

    assert result.failures == ()
    if case.is_bad:
        assert fired == case.expected, said
        own = [finding for finding in result.findings if finding.rule == case.rule]
        assert any(is_as_said(case, finding, root) for finding in own), (case.facts, said)
    else:
        assert case.rule not in fired, said
    assert any("refused" in finding.tags for finding in result.findings) == case.refused, said
    check_what_was_not_checked(case, result)


def is_as_said(case: Case, finding: Finding, root: Path) -> bool:
    """Whether a finding has the place, the severity and the words that case.toml names."""
    facts, here = case.facts, place(finding.primary, root)
    at = facts.get("at", here)
    return (
        at in (here, here.partition(":")[0])
        and finding.severity.value == facts.get("severity", finding.severity.value)
        and all(phrase in finding.message for phrase in facts.get("text", []))
    )


def check_what_was_not_checked(case: Case, result: Audit) -> None:
    said = [f"{one.what}: {one.why}" for one in result.not_checked if case.rule in one.rules]
    wanted = case.facts.get("not_checked", [])
    assert [phrase for phrase in wanted if not any(phrase in one for one in said)] == [], said
    if not case.is_bad and not wanted:
        assert said == [], "a look-alike proves nothing where its rule could not look"
