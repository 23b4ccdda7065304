"""Mail that is never refused for good."""

from __future__ import annotations

from auditor.finding import Severity
from auditor.setting_rule import PostfixSettingRule, is_yes


class SoftBounceOn(PostfixSettingRule):
    """No mail is ever refused for good.

    What: `soft_bounce = yes` is in effect: every 5xx answer becomes a 4xx one, and what should bounce stays queued.

    Why it matters: senders learn days late that an address is wrong, the queue grows, and spammers come again with
    what was refused.

    How to mend it: take the line out when the migration is over.

    When to ignore it: while a new configuration is tried out.

    Sources: postconf(5), soft_bounce ("a safety net to limit the damage from configuration errors").
    """

    name = "soft-bounce-on"
    severity = Severity.LOW
    parameters = ("soft_bounce",)
    wrong = is_yes
    message = "{setting}: no mail is ever refused for good"
    advice = "take the line out when the configuration is tried out"
    right = "no"
