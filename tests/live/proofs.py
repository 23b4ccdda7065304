"""Which trials there are, and the record of what they proved: auditor/data/proofs.json.

A rule is proved on a version of a daemon when all its bad cases did their harm there and no ok case did.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import daemons
import pytest
from cases import SUITE_OF, Case, all_cases
from claims import HARMS, UNSHOWN

FILE: Final = Path(__file__).parents[2] / "auditor/data/proofs.json"
TABLE: Final = Path(__file__).parents[2] / "docs/proofs.md"
_PAGE: Final = """\
# What was proved on running daemons

tests/live starts Dovecot and Postfix with the cases of the rules and tries, as a client, what each rule says: in bad
cases it happens, in the others it does not. This table is written by those tests
(`MAILAUDIT_WRITE_PROOFS=1 python -m pytest tests/live`, as root on Debian); `mailaudit explain RULE` says the same.
Cases whose harm no client can see are listed in tests/live/claims.py, each with the reason.

| rule | Dovecot | Postfix |
| --- | --- | --- |
"""
DAEMONS: Final = ("dovecot", "postfix")
DIALECTS: Final = {"bullseye": "2.3", "bookworm": "2.3", "trixie": "2.4", "sid": "2.4"}
"""The language of a suite's Dovecot."""

PASSED: Final = pytest.StashKey["set[Subject]"]()
"""Where a run keeps the trials that went as the rules say."""

Record = dict[str, dict[str, list[str]]]


@dataclass(frozen=True)
class Subject:
    """A case on one daemon of one suite."""

    case: Case
    daemon: str
    suite: str

    @property
    def id(self) -> str:
        return f"{self.case.id}-{self.daemon}-{self.suite}"

    @property
    def version(self) -> str:
        return version_of(self.daemon, self.suite)


def version_of(daemon: str, suite: str) -> str:
    """Return the version of a suite's daemon."""
    major = ("2.",) if daemon == "dovecot" else ("3.",)
    return next(version for version, one in SUITE_OF.items() if one == suite and version.startswith(major))


def subjects(suites: tuple[str, ...] = daemons.SUITES) -> list[Subject]:
    """Return what is tried in these suites: every case of every rule whose harm can be shown."""
    found = []
    for case in all_cases():
        if case.rule not in HARMS or case.id in UNSHOWN:
            continue
        harm = HARMS[case.rule]
        if harm.dovecot and case.has_dovecot:
            found += [Subject(case, "dovecot", suite) for suite in suites if _runs_dovecot(case, suite)]
        if harm.postfix and case.has_postfix:
            found += [Subject(case, "postfix", suite) for suite in suites if _runs_postfix(case, suite)]
    return found


def _runs_dovecot(case: Case, suite: str) -> bool:
    if "dovecot_version" in case.facts or "suites" in case.facts:
        return suite in case.dovecot_suites
    return DIALECTS[suite] == case.dialect


def _runs_postfix(case: Case, suite: str) -> bool:
    if "postfix_version" in case.facts or "suites" in case.facts:
        return suite in case.postfix_suites
    return not case.has_dovecot or DIALECTS[suite] == case.dialect


def record(tried: list[Subject]) -> Record:
    """Return rule, daemon and the versions on which bad and ok cases were tried."""
    kinds: dict[tuple[str, str, str], set[bool]] = {}
    for one in tried:
        kinds.setdefault((one.case.rule, one.daemon, one.version), set()).add(one.case.is_bad)
    found: Record = {}
    for (rule, daemon, version), kind in sorted(kinds.items()):
        if kind == {True, False}:
            found.setdefault(rule, {}).setdefault(daemon, []).append(version)
    return {
        rule: {daemon: sorted(versions, key=_number) for daemon, versions in one.items()} for rule, one in found.items()
    }


def read() -> Record:
    """Return what stands in the file."""
    return json.loads(FILE.read_text())


def write(passed: set[Subject]) -> None:
    """Write what was proved; what stands there of suites or rules that were not tried as a whole remains."""
    kept: Record = read() if FILE.exists() else {}
    tried = subjects()
    whole = [one for one in tried if passed >= {other for other in tried if _same(one, other)}]
    for rule, by_daemon in record(whole).items():
        for daemon, versions in by_daemon.items():
            known = kept.setdefault(rule, {}).setdefault(daemon, [])
            known[:] = sorted({*known, *versions}, key=_number)
    kept = {rule: dict(sorted(kept[rule].items())) for rule in sorted(kept) if rule in HARMS}
    FILE.write_text(json.dumps(kept, indent=1) + "\n")
    TABLE.write_text(table(kept))


def table(written: Record) -> str:
    """Return the record as a page of the documentation."""
    rows = [
        f"| `{rule}` | {', '.join(by_daemon.get('dovecot', []))} | {', '.join(by_daemon.get('postfix', []))} |"
        for rule, by_daemon in written.items()
    ]
    return _PAGE + "\n".join(rows) + "\n"


def _same(one: Subject, other: Subject) -> bool:
    return (one.case.rule, one.daemon, one.suite) == (other.case.rule, other.daemon, other.suite)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
