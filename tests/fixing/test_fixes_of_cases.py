"""The fixes of every rule, made in its bad cases: they mend what they should, and nothing is worse for it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from fixing_cases import fixable_rules, mended_case, run_of

from auditor.discover import discover
from auditor.finding import Severity
from auditor.fixing.diff import commands, unified
from auditor.fixing.write import write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cases import Case

    from auditor.finding import Finding

RULES = fixable_rules()


@pytest.mark.parametrize("rule", RULES)
def test_fixes_mend_and_nothing_else(rule: str, tmp_path: Path) -> None:
    mended = [_mends(case, tmp_path / case.folder.name) for case in RULES[rule]]
    assert any(mended), f"no fix of {rule} ever holds"


def _mends(case: Case, root: Path) -> bool:
    """Write the fixes of a case; returns whether there were any."""
    root.mkdir()
    case.materialise(root)
    mended = mended_case(case, root)
    if mended is None:
        return False
    assert not any(secret in line for line in (*unified(mended), *commands(mended)) for secret in case.secrets), case.id
    list(write(mended))
    after = run_of(case)(discover([str(root / "etc")], modes=case.modes_known))
    own_before, own_after = (sum(one.rule == case.rule for one in audit.findings) for audit in (mended.before, after))
    remarks = sum(one.rule == case.rule and one.severity is Severity.INFO for one in after.findings)
    assert own_before - own_after + remarks >= len(mended.made), case.id
    assert not _faults(after.findings) - _faults(mended.before.findings), case.id
    assert after.failures == mended.before.failures, case.id
    again = mended_case(case, root)
    assert again is None or not again.made, case.id
    return bool(mended.made)


def _faults(findings: Iterable[Finding]) -> Counter[str]:
    """Count what is more than a remark, by rule."""
    return Counter(finding.rule for finding in findings if finding.severity is not Severity.INFO)
