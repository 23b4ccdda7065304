"""Mail that does not leave through our relay."""

from auditor.api import PostfixSettingRule, Severity

RELAY = "[relay.example.org]:587"


class RelayhostNotOurs(PostfixSettingRule):
    """Mail leaves past the relay that signs and archives it.

    What: relayhost names another host than relay.example.org, or none, so that Postfix delivers to the Internet itself.

    Why it matters: what leaves past the relay is neither signed with DKIM nor archived, as we have to.

    How to mend it: set relayhost to `[relay.example.org]:587`.

    When to ignore it: on the relay itself.

    Sources: postconf(5), relayhost; our handbook, "Outgoing mail".
    """

    name = "relayhost-not-ours"
    severity = Severity.MEDIUM
    tags = ("house",)
    parameters = ("relayhost",)
    wrong = staticmethod(lambda value: value != RELAY)
    message = "mail leaves past the relay of this house: {setting}"
    advice = f"relayhost = {RELAY}"
