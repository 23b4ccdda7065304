"""Baselines: files of findings that are known, so that only new ones fail.

An entry is a finding's fingerprint, with its rule and its file on the host for those who read it. Of findings that are
alike each has an entry of its own, so that one more of them is new.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from auditor import __version__
from auditor.config import ConfigError, own_text
from auditor.finding import Baseline, Known, Suppressed
from auditor.fingerprint import VERSION
from auditor.report.json import serialised
from auditor.report.output import write

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from auditor.audit import Audit
    from auditor.finding import Finding

MAX_BYTES: Final = 16 * 1024 * 1024
_KEYS: Final = ("rule", "file", "fingerprint")


def compared(
    audit: Audit, audited: Collection[str], *, baseline: str | None, write_to: str | None, update: bool
) -> Audit:
    """Return the audit as its baseline has it, after writing the baseline where that is wanted; raises ConfigError.

    ``write_to`` is the file of a new baseline of all that was found, ``update`` drops from the old one what is gone.
    """
    if write_to is not None:
        new = of(write_to, audit.findings)
        write(serialised(as_data(new)), write_to, audited)
        return applied(audit, new)
    if baseline is None:
        return audit
    audit = applied(audit, load(baseline))
    if update and audit.baseline and audit.baseline.gone:
        write(serialised(as_data(without_gone(audit.baseline))), baseline, audited)
    return audit


def load(path: str) -> Baseline:
    """Read a baseline; raises ConfigError."""
    try:
        data = json.loads(own_text(path, MAX_BYTES))
        entries = [Known(*(one[key] for key in _KEYS)) for one in data["findings"]]
        made_by = data["fingerprint_version"]
    except OSError as error:
        message = f"{path}: {(error.strerror or 'cannot be read').lower()}"
        raise ConfigError(message) from error
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        message = f"{path} is no baseline of mailaudit"
        raise ConfigError(message) from error
    if made_by != VERSION or not all(isinstance(value, str) for one in entries for value in one):
        message = f"{path} was not written by a mailaudit that knows findings by the same: write it anew"
        raise ConfigError(message)
    return Baseline(path, tuple(entries))


def applied(audit: Audit, baseline: Baseline) -> Audit:
    """Return the audit with the findings that are known among the suppressed ones.

    What no longer occurs is said of rules that ran and could look at everything; nothing, where something was not read.
    """
    known = {one.fingerprint for one in baseline.entries}
    occurs = {finding.fingerprint for finding in audit.findings}
    occurs.update(one.finding.fingerprint for one in audit.suppressed)
    undecided = {name for gap in audit.not_checked for name in gap.rules}
    decided = set() if audit.failures else {rule.name for rule in audit.rules} - undecided
    gone = (one for one in baseline.entries if one.rule in decided and one.fingerprint not in occurs)
    accepted = [one for one in audit.findings if one.fingerprint in known]
    return audit._replace(
        findings=tuple(one for one in audit.findings if one.fingerprint not in known),
        suppressed=(
            *audit.suppressed,
            *(Suppressed(one, f"it is in the baseline {baseline.path}") for one in accepted),
        ),
        baseline=baseline._replace(gone=tuple(gone)),
    )


def of(path: str, findings: Iterable[Finding]) -> Baseline:
    """Return the baseline of some findings."""
    return Baseline(path, tuple(Known(one.rule, one.file, one.fingerprint) for one in findings))


def without_gone(baseline: Baseline) -> Baseline:
    """Return a baseline without what no longer occurs."""
    gone = set(baseline.gone)
    return baseline._replace(entries=tuple(one for one in baseline.entries if one not in gone))


def as_data(baseline: Baseline) -> dict[str, Any]:
    """Return what the file of a baseline says, in an order that keeps its changes small."""
    return {
        "tool": {"name": "mailaudit", "version": __version__},
        "fingerprint_version": VERSION,
        "findings": [
            dict(zip(_KEYS, one, strict=True)) for one in sorted(baseline.entries, key=lambda one: (one.file, *one))
        ],
    }
