"""Protocols that are served because nobody said otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Confidence, Severity
from auditor.model.package_files import lacks_protocol_files
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Dovecot


class DovecotProtocolExposedByDefault(DovecotRule):
    """Dovecot serves every protocol that it has, because the configuration names none.

    What: `protocols` is not set, and up to 2.3 its default is imap, pop3 and lmtp (submission is not among them).
    Debian's packages have no protocol by default and set it by files in /usr/share/dovecot/protocols.d, one for each
    package that is installed. From 2.4 on the default is none.

    Why it matters: POP3 stands open though nobody uses it, and is one more way in for guessed passwords. After an
    upgrade to 2.4 nothing is served.

    How to mend it: name the protocols that are used: `protocols = imap lmtp`.

    When to ignore it: all of them are used.

    Sources: Dovecot manual, 2.4-default-settings (protocols); src/master/master-settings.c; doveconf of Debian's
    2.3.19.1, which shows none.
    """

    name = "dovecot-protocol-exposed-by-default"
    severity = Severity.INFO
    confidence = Confidence.MEDIUM
    versions = "2.2, 2.3"
    tags = ("access",)

    def check(self, dovecot: Dovecot) -> Iterator[Finding | NotChecked]:
        """Yield that the default of `protocols` is in effect."""
        setting = dovecot.get("protocols")
        if setting is None or setting.origin.span or dovecot.dialect != "2.3":
            return
        if lacks_protocol_files(dovecot):
            yield self.not_checked("which protocols are served", "packages set them in files that are not in this tree")
        else:
            yield self.finding(
                setting.origin,
                f"{', '.join(setting.value.split())} are served because `protocols` is not set",
                advice="name the protocols that are used",
                label=f"protocols = {setting.value}",
            )
