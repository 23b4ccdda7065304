"""Mail and passwords in the log."""

from __future__ import annotations

from auditor.finding import Severity
from auditor.setting_rule import PostfixSettingRule, at_least


class TlsLoglevelHigh(PostfixSettingRule):
    """Postfix dumps what is sent under TLS into the log.

    What: a `*_tls_loglevel` of 3 or more is in effect. Level 3 dumps the negotiation, level 4 the whole transmission.

    Why it matters: with level 4 every password and every message stands in the log in clear text. Level 3 fills it.

    How to mend it: write 1, which logs one line a session, or 0.

    When to ignore it: never for long; level 2 is the highest that helps to find a fault.

    Sources: postconf(5), smtpd_tls_loglevel ("Use of loglevel 4 is strongly discouraged").
    """

    name = "tls-loglevel-high"
    severity = Severity.MEDIUM
    tags = ("tls",)
    parameters = ("smtpd_tls_loglevel", "smtp_tls_loglevel", "lmtp_tls_loglevel", "tlsproxy_tls_loglevel")
    wrong = at_least(3)
    message = "{setting} dumps TLS sessions into the log"
    advice = "write 1"
    right = "1"
