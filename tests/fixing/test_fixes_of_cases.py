"""The fixes of every rule, made in its bad cases: they mend what they should, and nothing is worse for it."""

from __future__ import annotations

import json
import os
import tomllib
from collections import Counter
from typing import TYPE_CHECKING, Final

import pytest
from fixing_cases import NOT_PROPOSED, OUTCOMES, REASONS, bad_cases, mended_case, outcome, run_of

from auditor.discover import discover
from auditor.finding import Severity
from auditor.fixing.diff import commands, unified
from auditor.fixing.write import write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cases import Case

    from auditor.finding import Finding

RULES = bad_cases()
KNOWN: Final[dict[str, dict[str, dict[str, list[str]]]]] = json.loads(OUTCOMES.read_text("utf-8"))
LONGEST_FIRST: Final = sorted(tomllib.loads(REASONS.read_text("utf-8")), reverse=True)


@pytest.mark.parametrize("rule", RULES)
def test_fixes_mend_and_nothing_else(rule: str, tmp_path: Path) -> None:
    found = {case.folder.name: _mends(case, tmp_path / case.folder.name) for case in RULES[rule]}
    if "MAILAUDIT_WRITE_FIXES" in os.environ:
        stored = json.loads(OUTCOMES.read_text("utf-8")) | {rule: found}
        OUTCOMES.write_text(json.dumps(dict(sorted(stored.items())), indent=1) + "\n", "utf-8")
        return
    assert found == KNOWN.get(rule), "run it with MAILAUDIT_WRITE_FIXES=1 and -n 0, then tools/make_docs.py"


def test_what_is_not_mended_has_its_reason() -> None:
    without = [
        f"{rule}/{case}" for rule, cases in KNOWN.items() for case, one in cases.items() if NOT_PROPOSED in one["left"]
    ]
    reasons = {case: next((name for name in LONGEST_FIRST if f"{case}/".startswith(name)), "") for case in without}
    assert [case for case, name in reasons.items() if not name] == []
    assert sorted({*LONGEST_FIRST} - {*reasons.values()}) == [], "reasons that are not needed"


def _mends(case: Case, root: Path) -> dict[str, list[str]]:
    """Write the fixes of a case; returns what came of them."""
    root.mkdir()
    case.materialise(root)
    mended = mended_case(case, root)
    found = outcome(mended, case.rule)
    if not mended.made:
        return found
    assert not any(secret in line for line in (*unified(mended), *commands(mended)) for secret in case.secrets), case.id
    list(write(mended))
    after = run_of(case)(discover([str(root / "etc")], modes=case.modes_known))
    own_before, own_after = (sum(one.rule == case.rule for one in audit.findings) for audit in (mended.before, after))
    remarks = sum(one.rule == case.rule and one.severity is Severity.INFO for one in after.findings)
    assert own_before - own_after + remarks >= len(mended.made), case.id
    assert not _faults(after.findings) - _faults(mended.before.findings), case.id
    assert after.failures == mended.before.failures, case.id
    again = mended_case(case, root)
    assert not again.made, case.id
    return found


def _faults(findings: Iterable[Finding]) -> Counter[str]:
    """Count what is more than a remark, by rule."""
    return Counter(finding.rule for finding in findings if finding.severity is not Severity.INFO)
