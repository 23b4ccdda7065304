"""Passwords in the log."""

from __future__ import annotations

from auditor.finding import Severity
from auditor.setting_rule import DEFAULT, DovecotSettingRule, is_true


def _logs_passwords(value: str) -> bool:
    """Whether passwords are logged in whole, in part, or as a sum that tells them."""
    return is_true(value) or value.startswith("plain") or value == "sha1"


class AuthLogsPasswords(DovecotSettingRule):
    """The auth process writes passwords into the log.

    What: `auth_debug_passwords = yes`, or `auth_verbose_passwords` is `plain`, `yes` or an untruncated `sha1`.

    Why it matters: whoever reads the log, a backup of it or the log server behind it has passwords: the first setting
    logs what passwords are compared with, the second what was typed. A wrong password is mostly the right one with a
    slip, or the right one of something else; its bare SHA1 sum is found by trying.

    How to mend it: take the line out. To tell a slip from an attack, `auth_verbose_passwords = sha1:6` is enough: equal
    passwords show as equal.

    When to ignore it: while you look for a fault, with passwords that are changed afterwards.

    Sources: Dovecot manual, auth_verbose_passwords; src/auth/auth-request.c, auth_request_append_password and
    log_password_failure; auth-settings.c (auth_debug_passwords switches auth_debug on).
    """

    name = "auth-logs-passwords"
    severity = Severity.HIGH
    settings = ("auth_debug_passwords", "auth_verbose_passwords")
    wrong = _logs_passwords
    message = "{setting} writes passwords into the log"
    advice = "take the line out, or write `auth_verbose_passwords = sha1:6`"
    right = DEFAULT
