"""What strangers learn, and what they need not say."""

from __future__ import annotations

import re
from typing import ClassVar

from auditor.finding import Severity
from auditor.setting_rule import PostfixSettingRule


def _tells(value: str) -> bool:
    """Whether a switch is off, or a banner names a version or a distribution."""
    return value.lower() == "no" or bool(re.search(r"Postfix[ /-]*\(?v?\d|\((?:Debian|Ubuntu|CentOS|Red Hat)", value))


class BannerVrfyHelo(PostfixSettingRule):
    """Postfix tells strangers more than it must, or takes mail from clients that do not say who they are.

    What: smtpd_banner names the version or the distribution; `disable_vrfy_command = no`, the default: VRFY tells which
    users exist; `smtpd_helo_required = no`, the default: a client need not name itself.

    Why it matters: little: who attacks tries all the same, and RCPT tells of users, too. Without HELO some spam
    programs get past the lists about it.

    How to mend it: `smtpd_banner = $myhostname ESMTP`, `disable_vrfy_command = yes`, `smtpd_helo_required = yes`.

    When to ignore it: always, if you have other worries.

    Sources: lynis, MAIL-8818 and MAIL-8820; postconf(5), smtpd_banner, disable_vrfy_command and smtpd_helo_required.
    """

    name = "banner-vrfy-helo"
    severity = Severity.INFO
    parameters = ("smtpd_banner", "disable_vrfy_command", "smtpd_helo_required")
    wrong = _tells
    message = "{setting} tells strangers more than it must, or asks less of them than it may"
    advice = "write `$myhostname ESMTP` for the banner, and `yes` for the others"
    right: ClassVar = {"smtpd_banner": "$myhostname ESMTP", "disable_vrfy_command": "yes", "smtpd_helo_required": "yes"}
