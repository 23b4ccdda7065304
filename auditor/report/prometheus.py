"""Metrics for node_exporter's textfile collector: Prometheus' text format 0.0.4.

The collector drops a file with timestamps or without a final newline, and reads names that end in ``.prom``; write it
with ``--output``, which renames it into place.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from auditor import __version__
from auditor.model.expiries import expiries
from auditor.text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.audit import Audit
    from auditor.finding import Severity

MAX_SERIES: Final = 1000
"""Certificates, and CRLs, of which the end is told."""

Sample = tuple[dict[str, str], float]


def render(audit: Audit, threshold: Severity) -> str:  # noqa: ARG001 - every severity is counted
    """Return the metrics of an audit, findings of every severity among them."""
    lines: list[str] = []
    for name, meaning, samples in _metrics(audit):
        found = [_sample(f"mailaudit_{name}", labels, value) for labels, value in samples]
        if found:
            lines += [f"# HELP mailaudit_{name} {meaning}", f"# TYPE mailaudit_{name} gauge", *found]
    return "".join(f"{line}\n" for line in lines)


def _metrics(audit: Audit) -> Iterator[tuple[str, str, Iterable[Sample]]]:
    counts = [({"severity": one.value}, count) for one, count in audit.counts.items()]
    yield "findings", "Findings that nobody accepted.", counts
    yield "suppressed_findings", "Findings that a comment or the baseline accepts.", [({}, len(audit.suppressed))]
    yield "not_checked", "Things that could not be checked.", [({}, len(audit.not_checked))]
    yield "errors", "Paths that could not be read and errors of mailaudit itself.", [({}, len(audit.failures))]
    instances = sum(len(host.dovecot) + len(host.postfix) for host in audit.hosts)
    yield "instances", "Instances of Dovecot and Postfix that were read.", [({}, instances)]
    for is_crl, name, meaning, label in (
        (False, "certificate_not_after_timestamp_seconds", "When a certificate ends.", "subject"),
        (True, "crl_next_update_timestamp_seconds", "When a CRL ends.", "issuer"),
    ):
        yield name, meaning, _ends(audit, is_crl, label)
    yield "last_run_timestamp_seconds", "When this was written.", [({}, int(time.time()))]
    yield "build_info", "The version of mailaudit.", [({"version": __version__}, 1)]


def _ends(audit: Audit, is_crl: bool, label: str) -> list[Sample]:
    """Return the ends of certificates or CRLs; of several by one name in one file, the first to end."""
    first: dict[tuple[str, str], float] = {}
    for model in audit.models:
        for one in expiries(model):
            if one.is_crl is is_crl:
                key, ends = (one.path, one.name), one.ends.timestamp()
                first[key] = min(ends, first.get(key, ends))
    return [({"path": path, label: name}, ends) for (path, name), ends in sorted(first.items())[:MAX_SERIES]]


def _sample(name: str, labels: dict[str, str], value: float) -> str:
    listed = ",".join(f'{key}="{_escaped(one)}"' for key, one in labels.items())
    return f"{name}{{{listed}}} {value:.0f}" if labels else f"{name} {value:.0f}"


def _escaped(value: str) -> str:
    return escaped(value).replace("\\", "\\\\").replace('"', '\\"')
