"""Fixed cases load in the real daemons, and only what was meant has another value there."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from fixing_cases import mended_case, mended_cases
from postfix_start import postfix_refusal

from auditor.fixing.values import values_of
from auditor.fixing.write import write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cases import Case

    from auditor.fixing.rounds import Mended

SHOWN_ALIKE = ("ca-file-marker-missing", "file-marker-missing")
"""Rules whose bad settings doveconf hides, or shows as the good ones: ``ssl_ca = '</etc/ca.pem'``."""
CASES = mended_cases()


@pytest.mark.parametrize(
    ("case", "suite"),
    [pytest.param(case, suite, id=f"{case.id}-{suite}") for case in CASES for suite in case.dovecot_suites],
)
def test_dovecot_loads_the_fixed_case(case: Case, suite: str, oracle: Any, tmp_path: Path) -> None:
    folder = tmp_path / "etc/dovecot"
    mended = materialised_and_mended(case, tmp_path)
    before = settings(oracle, suite, folder)
    list(write(mended))
    status, _, errors, _ = oracle.dovecot_check(suite, folder)
    assert (status, errors) == (0, [])
    # Of a text that it refuses doveconf shows nothing.
    if not case.refused_at("etc/dovecot"):
        assert_only_meant(mended, before, settings(oracle, suite, folder), folder, alike=case.rule in SHOWN_ALIKE)


@pytest.mark.parametrize(
    ("case", "suite"),
    [pytest.param(case, suite, id=f"{case.id}-{suite}") for case in CASES for suite in case.postfix_suites],
)
def test_postfix_starts_with_the_fixed_case(case: Case, suite: str, oracle: Any, tmp_path: Path) -> None:
    folder = tmp_path / "etc/postfix"
    mended = materialised_and_mended(case, tmp_path)
    before = parameters(oracle, suite, folder)
    list(write(mended))
    assert postfix_refusal(oracle, suite, folder) == ""
    assert_only_meant(mended, before, parameters(oracle, suite, folder), folder)


def materialised_and_mended(case: Case, root: Path) -> Mended:
    case.materialise(root)
    mended = mended_case(case, root)
    assert mended.made
    return mended


def settings(oracle: Any, suite: str, folder: Path) -> Mapping[str, str]:
    found: Mapping[str, str] = oracle.parse_tree(oracle.dovecot_check(suite, folder)[1])
    return found


def parameters(oracle: Any, suite: str, folder: Path) -> Mapping[str, str]:
    """Return what main.cf sets and, as ``SERVICE/TYPE/NAME``, what options set; without a name the service's flags."""
    found: dict[str, str] = oracle.postfix_settings(suite, folder, changed_only=True)
    for service in oracle.postfix_services(suite, folder):
        options = service["options"].items()
        where = f"{service['service']}/{service['type']}/"
        found |= {f"{where}{name}": value for name, value in options}
        found[where] = " ".join(word for word in service["command"].split() if word.startswith("-") and word != "-o")
    return found


def assert_only_meant(
    mended: Mended, before: Mapping[str, str], after: Mapping[str, str], folder: Path, *, alike: bool = False
) -> None:
    """Assert that the daemon sees other values of what the fixes are said to change, and of nothing else."""
    old, new = (
        Counter((value.name, value.value) for model in audit.models for value in values_of(model))
        for audit in (mended.before, mended.after)
    )
    meant = {name for name, _ in (old - new) + (new - old)}
    old, new = (Counter((re.sub(r"#\d+", "", name), value) for name, value in one.items()) for one in (before, after))
    changed = {name for name, _ in (old - new) + (new - old)}
    assert changed <= meant
    edited = any(edit.span.file.path.startswith(str(folder)) for offer in mended.made for edit in offer.edits)
    # What nothing reads postconf does not print.
    unread = {one.name for model in mended.before.models for postfix in model.postfix for one in postfix.unread}
    # Where blocks are moved, their numbers are all that changes.
    assert alike or (list(before.items()) != list(after.items())) == (edited and not (meant and meant <= unread))
