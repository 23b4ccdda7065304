"""Counts the cases of each peer's suite."""

from __future__ import annotations

from collections import Counter

import pytest

pytest.register_assert_rewrite("augeas", "suites")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many cases of each suite passed, failed or do not apply."""
    counts: dict[str, Counter[str]] = {}
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            if "test_peer_case[" in report.nodeid:
                suite = report.nodeid.partition("[")[2].partition("/")[0]
                counts.setdefault(suite, Counter())[outcome] += 1
    if counts:
        terminalreporter.section("peers' tests")
    for suite, found in sorted(counts.items()):
        terminalreporter.line(
            f"{suite}: {found['passed']} passed, {found['failed']} failed, {found['skipped']} do not apply"
        )
