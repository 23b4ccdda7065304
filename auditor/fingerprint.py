"""What a finding is known by from one run to the next, for baselines and for those who keep reports.

A fingerprint depends neither on line numbers, nor on layout, nor on how the user wrote the path to the host.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.finding import Finding
    from auditor.host import Host
    from auditor.text import Span

VERSION: Final = "1"
"""Of the way in which fingerprints are made."""
MAX_LINES: Final = 50
"""Lines of a block that count, so that deeply nested ones stay cheap."""


def with_fingerprint(finding: Finding, host: Host) -> Finding:
    """Return a finding with the hash of its rule, its file on the host, its subject and the text at its place.

    Secrets in that text do not count: a published hash could tell whether a guess at them is right.
    """
    primary = finding.primary
    name = primary.span.file.name if primary.span else host.name(primary.path)
    if primary.default_of is not None:
        name = "built-in default"
    text = " ".join(_beginning(primary.span).shown_text.split()) if primary.span else ""
    return finding._replace(fingerprint=_hash(VERSION, finding.rule, name, finding.subject, text), file=name)


def told_apart(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Give the second of two findings that are alike, as in two equal blocks, a fingerprint of its own, and so on."""
    seen: Counter[str] = Counter()
    for finding in findings:
        own = finding.fingerprint
        seen[own] += 1
        yield finding if seen[own] == 1 else finding._replace(fingerprint=_hash(own, str(seen[own])))


def _beginning(span: Span) -> Span:
    last = span.line + MAX_LINES - 1
    return span if span.end_line <= last else span._replace(end=span.file.line_span(last).end)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]
