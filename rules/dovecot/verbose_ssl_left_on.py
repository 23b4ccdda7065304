"""Every step of every TLS handshake in the log."""

from __future__ import annotations

from auditor.finding import Severity
from auditor.setting_rule import DEFAULT, DovecotSettingRule, is_true


def _logs_handshakes(value: str) -> bool:
    """Whether a switch is on, or a filter of events names the category."""
    return is_true(value) or "category=ssl" in value.replace(" ", "")


class VerboseSslLeftOn(DovecotSettingRule):
    """The debugging of TLS handshakes was left on.

    What: `verbose_ssl = yes`, or in 2.4 `log_debug` with `category=ssl`, is in effect.

    Why it matters: each handshake writes a dozen lines, so that what matters in the log drowns.

    How to mend it: take the line out when the search for the fault is over.

    When to ignore it: while you look for the reason why certificates are refused.

    Sources: Dovecot wiki, SSL/DovecotConfiguration, "SSL verbosity"; Dovecot manual, Upgrading 2.3 to 2.4, verbose_ssl
    ("replaced by log_debug = category=ssl").
    """

    name = "verbose-ssl-left-on"
    severity = Severity.INFO
    tags = ("tls",)
    settings = ("verbose_ssl", "log_debug")
    wrong = _logs_handshakes
    message = "{setting} logs every step of every TLS handshake"
    advice = "take it out when the search for the fault is over"
    right = DEFAULT
