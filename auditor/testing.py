"""For the tests of rule packages: run one rule over a small configuration."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from auditor.audit import Versions, audit
from auditor.discover import discover
from auditor.rule import NAME, SECTIONS, documentation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.finding import Finding, NotChecked
    from auditor.rule import AnyRule

__all__ = ["Outcome", "check_documentation", "run"]


class Outcome(NamedTuple):
    """What a rule found, the places where that stands (``etc/postfix/main.cf:3``), and what it could not check."""

    findings: tuple[Finding, ...]
    places: tuple[str, ...]
    not_checked: tuple[NotChecked, ...]


def run(
    rule: type[AnyRule],
    files: Mapping[str, str],
    *,
    dovecot_version: str = "2.4.1",
    postfix_version: str = "3.10.13",
    now: datetime | None = None,
) -> Outcome:
    """Run a rule over a host with these files; their names are relative to its root (``etc/postfix/main.cf``).

    Certificates are judged as of ``now``, which is the present without it. Raises AssertionError where the files cannot
    be read or the rule raises.
    """
    with TemporaryDirectory() as folder:
        for name, text in files.items():
            file = Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        found = audit(
            discover([folder], modes=False),
            [rule],
            now=now or datetime.now(UTC),
            versions=Versions(dovecot_version, postfix_version),
        )
        failures = [failure.message for failure in found.failures]
        if failures or not found.read_something:
            raise AssertionError(failures or "there is nothing to audit")
        places = tuple(_place(finding, folder) for finding in found.findings)
        return Outcome(found.findings, places, tuple(one for one in found.not_checked if rule.name in one.rules))


def _place(finding: Finding, folder: str) -> str:
    primary = finding.primary
    path = primary.path.removeprefix(folder).lstrip("/")
    return f"{path}:{primary.span.line}" if primary.span else path


def check_documentation(rule: type[AnyRule]) -> None:
    """Raise AssertionError unless a rule has a name in lower case with hyphens, and all that a docstring must say."""
    if not NAME.fullmatch(rule.name):
        raise AssertionError(f"the name {rule.name!r} is not in lower case with hyphens")
    parts = documentation(rule)
    missing = [section for section in ("Summary", *SECTIONS) if not parts.get(section)]
    if missing or "\n" in parts["Summary"]:
        raise AssertionError(f"{rule.name}: the docstring needs a summary line and {', '.join(SECTIONS)}")
