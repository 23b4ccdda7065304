"""Fixes made in memory: of the bad cases of the rules, and of small texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cases import NOW, Case, all_cases

from auditor.audit import Versions, audit
from auditor.discover import Discovery, discover
from auditor.finding import Confidence, Finding, Severity
from auditor.fixing.apply import State, applied
from auditor.fixing.offers import Texts
from auditor.fixing.rounds import Mended, mended
from auditor.rule import discover as discover_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from auditor.audit import Audit
    from auditor.change import Fix

OUTCOMES: Final = Path(__file__).parent / "fixing/outcomes.json"
"""What came of the fixes of each rule in its bad cases, as test_fixes_of_cases.py found it; docs/fixes.md shows it."""
REASONS: Final = Path(__file__).parent / "fixing/unmended.toml"
"""Why rules propose no fix: by rule, or by rule and the beginning of a case's name."""
NOT_PROPOSED: Final = "no fix is proposed"


def bad_cases() -> dict[str, list[Case]]:
    """Return the bad cases of each rule."""
    cases: dict[str, list[Case]] = {}
    for case in all_cases():
        if case.is_bad:
            cases.setdefault(case.rule, []).append(case)
    return cases


def mended_cases() -> list[Case]:
    """Return the bad cases in which something is mended."""
    known = json.loads(OUTCOMES.read_text("utf-8"))
    found = (case for cases in bad_cases().values() for case in cases)
    return [case for case in found if known.get(case.rule, {}).get(case.folder.name, {}).get("made")]


def outcome(mended: Mended, rule: str) -> dict[str, list[str]]:
    """Return what came of the fixes of a rule: how safe those are that were made, and why others were not."""
    made = ["safe" if offer.fix.safe else "unsafe" for offer in mended.made]
    left = [one.why for one in mended.refused]
    left += [NOT_PROPOSED for one in mended.before.findings if one.rule == rule and not one.fix]
    return {"made": sorted(made), "left": sorted(left)}


def run_of(case: Case) -> Callable[[Discovery], Audit]:
    """Return what audits a tree as the case is audited."""
    versions = Versions(dovecot=case.dovecot_version, postfix=case.postfix_version)
    rules = [rule for rule in discover_rules() if not rule.off_because or rule.name == case.rule]
    return lambda discovery: audit(discovery, rules, now=NOW, versions=versions)


def mended_case(case: Case, root: Path) -> Mended:
    """Make the fixes of the case's own rule for a materialised case."""
    discovery = discover([str(root / "etc")], modes=case.modes_known)
    run = run_of(case)
    before = run(discovery)
    return mended(discovery.hosts[0], before, run, lambda one: one.rule == case.rule, unsafe=True)


def audit_of(root: Path, files: Mapping[str, str], *, dovecot: str = "2.4.1") -> Audit:
    """Write files below a root and read them, without running a rule."""
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    return audit(discover([str(root / "etc")]), [], now=NOW, versions=Versions(dovecot=dovecot, postfix="3.7.11"))


def texts_with(read: Audit, fix: Fix | None) -> dict[str, str]:
    """Return the texts that a fix changes, as they are with it, by their names; none where it cannot be made."""
    assert fix is not None
    finding = Finding("some-rule", Severity.LOW, Confidence.HIGH, "something is wrong", (), fix=fix)
    offer = Texts(read.models[0]).offer(finding, fix)
    if offer is None:
        return {}
    new = applied(read.hosts[0].host, State({}, {}, {}), [offer])
    return {name: data.decode() for name, data in new.state.contents.items()}
