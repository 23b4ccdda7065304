"""What a rule package may import, beside ``auditor.testing`` in its tests; docs/rule-packages.md has the promise."""

from __future__ import annotations

from auditor.access.table import Access
from auditor.finding import Confidence, Finding, NotChecked, Severity
from auditor.model import AuditedHost, Dovecot, Postfix
from auditor.rule import AccessRule, DovecotRule, HostRule, PostfixRule
from auditor.setting_rule import (
    DEFAULT,
    DovecotSettingRule,
    PostfixSettingRule,
    at_least,
    is_set,
    is_true,
    is_yes,
    one_of,
)

__all__ = [
    "DEFAULT",
    "Access",
    "AccessRule",
    "AuditedHost",
    "Confidence",
    "Dovecot",
    "DovecotRule",
    "DovecotSettingRule",
    "Finding",
    "HostRule",
    "NotChecked",
    "Postfix",
    "PostfixRule",
    "PostfixSettingRule",
    "Severity",
    "at_least",
    "is_set",
    "is_true",
    "is_yes",
    "one_of",
]
