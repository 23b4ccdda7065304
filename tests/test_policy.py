"""The policy that --policy chooses is the one that TLS is judged by, and findings cite it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cases import CASES, Case

from auditor.audit import Decisions, audit
from auditor.discover import discover
from auditor.rule import discover as all_rules

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("policy", "cited"),
    [
        ("mozilla-intermediate", None),
        ("rfc9325", None),
        ("bsi", "3000 bits, as BSI TR-02102-2, version 2025-01 (2025-01, https://www.bsi.bund.de/"),
        (
            "ncsc-nl",
            "3072 bits, as NCSC-NL's TLS guidelines, version 2025-05, sufficient (2025-05, https://www.ncsc.nl/",
        ),
    ],
)
def test_a_prime_of_2048_bits_by_each_policy(tmp_path: Path, policy: str, cited: str | None) -> None:
    Case(CASES / "dh-parameters/ok-group-23").materialise(tmp_path)
    rules = [rule for rule in all_rules() if rule.name == "dh-parameters"]
    result = audit(
        discover([str(tmp_path / "etc")], modes=True), rules, now=datetime.now(UTC), decisions=Decisions(policy=policy)
    )
    said = [finding.advice for finding in result.findings]
    assert len(said) == (1 if cited else 0)
    assert cited is None or cited in said[0]
