"""TLS that is switched on in a block only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import setting_to
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Dovecot


class SslOnlyInProtocolBlock(DovecotRule):
    """TLS is switched on in a block and off for all, so the ports 993 and 995 stay closed.

    What: `ssl = no` stands where it counts for all, and a protocol or local block has `ssl = yes` or `required`.
    Dovecot warns that it ignores the block: it opens no port for TLS from the first byte on. STARTTLS works there
    all the same.

    Why it matters: mail programs that are set up as RFC 8314 asks for (port 993) do not connect; users are moved to
    port 143, where a program may send the password before TLS.

    How to mend it: write `ssl = yes` for all, and `ssl = no` into the blocks that are to be without.

    When to ignore it: nobody is to use these ports.

    Sources: Dovecot wiki, SSL/DovecotConfiguration ("ssl = yes must be global"); the warning "SSL is disabled
    because global ssl=no, ignoring ssl=yes for subsection"; tried on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "ssl-only-in-protocol-block"
    severity = Severity.MEDIUM
    tags = ("tls",)

    def check(self, dovecot: Dovecot) -> Iterator[Finding | NotChecked]:
        """Yield the blocks that switch TLS on in vain."""
        everywhere = dovecot.get("ssl")
        if everywhere is None or everywhere.value.lower() != "no":
            return
        for setting in dict.fromkeys(context.ssl for context in dovecot.tls_contexts if context.enabled):
            if setting is not None:
                yield self.finding(
                    setting.origin,
                    f"the ports 993 and 995 stay closed: `ssl = {setting.value}` counts in this block only",
                    because=[(everywhere.origin, "TLS is off for all")],
                    advice="write `ssl = yes` outside of the blocks",
                    fix=setting_to(dovecot, everywhere, "yes").opening(),
                )
