"""Neighbours that may relay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import parameter_to
from auditor.model.smtpd import confidence_in
from auditor.rule import PostfixRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Postfix


class MynetworksStyleSubnet(PostfixRule):
    """Every host in the same network may relay.

    What: mynetworks is not set, and mynetworks_style is `subnet` or `class`: by a line, or because compatibility_level
    is below 2.

    Why it matters: all hosts in the network of each interface count as the host's own and relay where
    permit_mynetworks stands. In a data centre the neighbours are strangers.

    How to mend it: write `mynetworks_style = host`, or name in mynetworks the networks that are yours.

    When to ignore it: the network is yours alone.

    Sources: postconf(5), mynetworks_style; COMPATIBILITY_README, "mynetworks_style".
    """

    name = "mynetworks-style-subnet"
    severity = Severity.HIGH

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Look at the style where it decides, on hosts that are not alone."""
        networks, style = postfix.configuration.get("mynetworks"), postfix.configuration.get("mynetworks_style")
        if networks.origin.span or style.effective.lower() not in ("subnet", "class"):
            return
        if all(service.only_on_loopback for service in postfix.smtpd_services):
            return
        level = postfix.configuration.get("compatibility_level")
        by_level = [(level.origin, f"compatibility_level = {level.shown}")] if style.origin.span is None else []
        fix = parameter_to(postfix, style, "host")
        yield self.finding(
            style.origin,
            f"every host in the same network may relay: mynetworks is not set, {style.name} is {style.shown}",
            because=[*by_level, *postfix.unset(networks, style)],
            advice="write `mynetworks_style = host`",
            fix=fix and fix.unsafe(),
            confidence=confidence_in(postfix.smtpd_services),
        )
