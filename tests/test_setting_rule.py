"""The declarative form of rules: which values it looks at, and what it says of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from auditor.audit import Audit, Versions, audit
from auditor.discover import discover
from auditor.finding import Severity
from auditor.setting_rule import DovecotSettingRule, PostfixSettingRule, at_least, is_set, is_true, is_yes, one_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from auditor.rule import AnyRule

DOVECOT = "protocols = imap pop3\n"


class ClearText(DovecotSettingRule):
    name = "clear-text"
    severity = Severity.LOW
    settings = ("auth_allow_cleartext",)
    wrong = is_true
    message = "{setting} is wrong"
    advice = "mend it"


class Verify(PostfixSettingRule):
    name = "verify"
    severity = Severity.LOW
    parameters = ("smtpd_helo_required", "soft_bounce")
    wrong = is_yes
    message = "{setting} is wrong"
    advice = "mend it"


def _audited(tmp_path: Path, rule: type[AnyRule], files: dict[str, str]) -> Audit:
    for name, text in files.items():
        (tmp_path / "etc" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "etc" / name).write_text(text)
    versions = Versions("2.3.19", "3.7.11")
    return audit(discover([str(tmp_path / "etc")]), [rule], now=datetime.now(UTC), versions=versions)


def said(result: Audit) -> list[tuple[int, str]]:
    return [(one.primary.span.line if one.primary.span else 0, one.message) for one in result.findings]


def test_dovecot_settings_are_shown_as_the_user_spells_them(tmp_path: Path) -> None:
    text = DOVECOT + "protocol imap {\n  disable_plaintext_auth = no\n}\n"
    result = _audited(tmp_path, ClearText, {"dovecot/dovecot.conf": text})
    assert said(result) == [(3, "`disable_plaintext_auth = no` is wrong")]


def test_what_the_environment_decides_is_not_checked(tmp_path: Path) -> None:
    text = DOVECOT + "disable_plaintext_auth = $ENV:CLEAR\n"
    result = _audited(tmp_path, ClearText, {"dovecot/dovecot.conf": text})
    assert said(result) == []
    assert [one.why for one in result.not_checked if one.rules] == ["its value depends on the environment"]


@pytest.mark.parametrize(
    ("main", "master", "lines"),
    [
        ("smtpd_helo_required = yes\n", "smtp inet n - n - - smtpd\n", [1]),
        ("smtpd_helo_required = yes\n", "smtp inet n - n - - smtpd\n  -o smtpd_helo_required=no\n", []),
        ("smtpd_helo_required = no\n", "smtp inet n - n - - smtpd\n  -o smtpd_helo_required=yes\n", [2]),
        ("smtpd_helo_required = yes\n", "smtp unix - - n - - smtp\n", []),
        ("smtpd_helo_required = yes\n", "#smtp inet n - n - - smtpd\n", []),
        ("smtpd_helo_required = yes\n", None, [1]),
        ("soft_bounce = yes\n", "smtp unix - - n - - smtp\n", [1]),
    ],
)
def test_postfix_parameters_count_where_they_are_read(
    tmp_path: Path, main: str, master: str | None, lines: list[int]
) -> None:
    files = {"postfix/main.cf": main} | ({"postfix/master.cf": master} if master is not None else {})
    assert [line for line, _ in said(_audited(tmp_path, Verify, files))] == lines


@pytest.mark.parametrize(
    ("wrong", "value", "expected"),
    [
        (is_yes, "YES", True),
        (is_yes, "true", False),
        (is_set, " ", False),
        (is_set, "x", True),
        (one_of("none", "no"), "None", True),
        (one_of("none", "no"), "may", False),
        (at_least(3), "3", True),
        (at_least(3), "2", False),
        (at_least(3), "9" * 5000, True),
        (at_least(3), "٣", False),
        (at_least(3), "", False),
    ],
)
def test_conditions(wrong: Callable[[str], bool], value: str, expected: bool) -> None:
    assert wrong(value) is expected
