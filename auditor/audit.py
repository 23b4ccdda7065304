"""The audit: every selected rule over everything it is about, and what came of it."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.accepting import parted, suppressions_on
from auditor.access.table import Access
from auditor.failure import Failure, internal_error
from auditor.finding import Finding, NotChecked, Severity
from auditor.fingerprint import told_apart, with_fingerprint
from auditor.model import Assumptions, build_model
from auditor.model.tls_policy import DEFAULT_POLICY
from auditor.read import Instances, Versions, read_hosts
from auditor.rule import (
    AccessRule,
    DovecotAccessRule,
    DovecotRule,
    HostRule,
    PostfixRule,
    SuppressionRule,
    rule_packages,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from auditor.discover import Discovery
    from auditor.finding import Baseline, Suppressed
    from auditor.model import AuditedHost
    from auditor.rule import AnyRule
    from auditor.suppressions import Suppressions

__all__ = ["Audit", "Failure", "Versions", "audit"]

MAX_RESULTS: Final = 1000
"""Findings of one rule on one host; a broken file of a megabyte could have a hundred thousand."""


class Decisions(NamedTuple):
    """What the users decided about their audits: how bad findings are, by rule, and facts that no file tells."""

    severities: Mapping[str, Severity] = MappingProxyType({})
    assumed: Assumptions = Assumptions()
    suppressions: bool = True
    """Whether comments in the configurations suppress findings."""
    policy: str = DEFAULT_POLICY
    """The name of the policy that TLS is judged by."""


class Audit(NamedTuple):
    """What was read and what was found, the worst first."""

    hosts: tuple[Instances, ...]
    rules: tuple[type[AnyRule], ...]
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    failures: tuple[Failure, ...]
    suppressed: tuple[Suppressed, ...] = ()
    models: tuple[AuditedHost, ...] = ()
    baseline: Baseline | None = None
    config: str | None = None
    """The file from which options were read."""

    @property
    def read_something(self) -> bool:
        """Whether at least one instance could be read."""
        return any(host.dovecot or host.postfix for host in self.hosts)

    def at_least(self, severity: Severity) -> list[Finding]:
        """Return the findings from a severity up."""
        return [finding for finding in self.findings if finding.severity.rank <= severity.rank]

    @property
    def counts(self) -> dict[Severity, int]:
        """How many findings there are of each severity, the worst first."""
        found = Counter(finding.severity for finding in self.findings)
        return {severity: found[severity] for severity in Severity}


def audit(
    discovery: Discovery,
    rules: Sequence[type[AnyRule]],
    *,
    now: datetime,
    versions: Versions | None = None,
    decisions: Decisions | None = None,
) -> Audit:
    """Read what was discovered and run the rules over it.

    ``now`` is in UTC. A rule that raises becomes an internal failure, so that its mistake hides nothing else.
    """
    decisions = decisions or Decisions()
    hosts, unread = read_hosts(discovery, versions or Versions())
    failures = [*unread, *(error for package in rule_packages() for error in package.errors)]
    not_checked = list(discovery.not_checked)
    findings: list[Finding] = []
    models: list[AuditedHost] = []
    suppressions: list[Suppressions] = []
    for host in hosts:
        model = _model(host, now, decisions, failures)
        models += [model] if model else []
        results = list(_run(rules, model, failures)) if model else []
        not_checked += host.not_checked
        gaps = [result for result in results if isinstance(result, NotChecked)]
        findings += _known(results, host, decisions)
        if decisions.suppressions:
            suppressions.append(suppressions_on(host, rules, gaps, failures, now.date()))
            gaps += suppressions[-1].too_many
        not_checked += gaps
    kept, suppressed = parted(told_apart(_sorted(findings)), suppressions)
    for host, found in zip(hosts, suppressions, strict=False):
        results = list(_about_suppressions(rules, found, host.host.root, failures))
        kept += told_apart(_sorted(_known(results, host, decisions)))
        not_checked += (result for result in results if isinstance(result, NotChecked))
    kept.sort(key=lambda finding: finding.sort_key)
    return Audit(
        hosts,
        tuple(rules),
        tuple(kept),
        tuple(_merged(not_checked)),
        tuple(dict.fromkeys(failures)),
        tuple(suppressed),
        tuple(models),
    )


def _known(results: Iterable[Finding | NotChecked], host: Instances, decisions: Decisions) -> Iterator[Finding]:
    """Yield the findings among the results, as bad as the users say and with what they are known by."""
    for result in results:
        if isinstance(result, Finding):
            severity = decisions.severities.get(result.rule, result.severity)
            yield with_fingerprint(result._replace(severity=severity), host.host)


def _model(host: Instances, now: datetime, decisions: Decisions, failures: list[Failure]) -> AuditedHost | None:
    try:
        return build_model(host.host, host.dovecot, host.postfix, now, decisions.assumed, decisions.policy)
    except Exception as error:
        failures.append(internal_error(error, "building the model", path=host.host.root))
        return None


def _run(rules: Iterable[type[AnyRule]], model: AuditedHost, failures: list[Failure]) -> Iterator[Finding | NotChecked]:
    access = Access(model)
    for rule in rules:
        try:
            yield from results_of(rule(), model, access)
        except Exception as error:
            failures.append(internal_error(error, f"rule {rule.name}", path=model.host.root, rule=rule.name))


def _about_suppressions(
    rules: Iterable[type[AnyRule]], found: Suppressions, root: str, failures: list[Failure]
) -> Iterator[Finding | NotChecked]:
    """Yield what the rules about suppressions say of those of a host, all other findings known."""
    for rule in rules:
        if found.found and issubclass(rule, SuppressionRule):
            try:
                about = rule()
                yield from _limited(about, about.check(found), root)
            except Exception as error:
                failures.append(internal_error(error, f"rule {rule.name}", path=root, rule=rule.name))


def _limited(rule: AnyRule, results: Iterable[Finding | NotChecked], root: str) -> Iterator[Finding | NotChecked]:
    """Yield results of a rule up to a number that anyone could read."""
    for number, result in enumerate(results):
        if number == MAX_RESULTS:
            yield rule.not_checked(f"more than {MAX_RESULTS} places below {root}", "they are too many to list")
            return
        yield result


def results_of(rule: AnyRule, model: AuditedHost, access: Access | None = None) -> Iterator[Finding | NotChecked]:
    """Yield what a rule says of every instance it is about, or of the host, up to a number that anyone could read."""
    yield from _limited(rule, _all_results(rule, model, access or Access(model)), model.host.root)


def _all_results(rule: AnyRule, model: AuditedHost, access: Access) -> Iterable[Finding | NotChecked]:
    match rule:
        case DovecotRule():
            return chain.from_iterable(map(rule.check, model.dovecot))
        case PostfixRule():
            return chain.from_iterable(map(rule.check, model.postfix))
        case HostRule():
            return rule.check(model)
        case DovecotAccessRule():
            return chain.from_iterable(map(rule.check, access.dovecot))
        case AccessRule():
            return rule.check(access)
        case SuppressionRule():
            return ()


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    """Drop what is said twice, as for a file that two instances include, and sort the worst first."""
    kept: dict[tuple[object, ...], Finding] = {}
    for finding in sorted(findings, key=lambda finding: finding.sort_key):
        places = tuple((one.path, one.span and (one.span.start, one.span.end), one.label) for one in finding.locations)
        kept.setdefault((finding.rule, finding.message, places), finding)
    return list(kept.values())


def _merged(not_checked: Iterable[NotChecked]) -> list[NotChecked]:
    """Say each thing that was not checked once, with every rule that needed it."""
    merged: dict[tuple[str, str], NotChecked] = {}
    for one in not_checked:
        known = merged.get((one.what, one.why))
        rules = sorted({*(known.rules if known else ()), *one.rules})
        merged[one.what, one.why] = one._replace(rules=tuple(rules))
    return sorted(merged.values(), key=lambda one: (one.what, one.why))
