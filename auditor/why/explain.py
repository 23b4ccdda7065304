"""Runs one rule over one host and keeps what it was told on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.audit import results_of
from auditor.finding import Finding, NotChecked
from auditor.model import build_model
from auditor.model.tls_policy import DEFAULT_POLICY
from auditor.why.conditions import Condition, Conditions
from auditor.why.recording import Asked, Questions, recorded_dovecot, recorded_host, recorded_postfix

if TYPE_CHECKING:
    from datetime import datetime

    from auditor.read import Instances
    from auditor.rule import AnyRule


class Why(NamedTuple):
    """What a rule says of a host, and why."""

    host: Instances
    rule: type[AnyRule]
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    conditions: tuple[Condition, ...]
    """What kept it from speaking, or from saying more."""
    asked: tuple[Asked, ...]
    """What it asked, in that order."""


def why(rule: type[AnyRule], host: Instances, now: datetime, policy: str = DEFAULT_POLICY) -> Why:
    """Run a rule over a host read before; ``now`` is in UTC. What the rule raises is raised."""
    questions = Questions()
    model = build_model(
        recorded_host(host.host, questions),
        [recorded_dovecot(one, questions) for one in host.dovecot],
        [recorded_postfix(one, questions) for one in host.postfix],
        now,
        policy=policy,
    )
    # What every model is built from says nothing about this rule.
    questions.forget()
    conditions = Conditions(rule)
    with conditions.watched():
        results = list(results_of(rule(), model))
    return Why(
        host,
        rule,
        tuple(one for one in results if isinstance(one, Finding)),
        tuple(one for one in results if isinstance(one, NotChecked)),
        conditions.decisive,
        questions.asked,
    )
