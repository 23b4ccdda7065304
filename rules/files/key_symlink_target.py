"""A symlink to a key or certificate that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class KeySymlinkTarget(HostRule):
    """A key or certificate is a symlink that leads nowhere.

    What: a setting names a symlink, and what it leads to is missing, although its folder is there: as after a
    renewal that removed an old version, or when the package that made the file was taken away.

    Why it matters: the daemon goes on with what it read when it started, and has no TLS after the next start.

    How to mend it: let the link lead to the file that is there now (`certbot certificates`), or name that.

    When to ignore it: the file is put there before the daemon starts, as in a container.

    Sources: Dovecot wiki, SSL/DovecotConfiguration; certbot's manual, "Where are my certificates?" (live/ holds
    links into archive/); tried on Dovecot 2.3.19.1 and 2.4.1, Postfix 3.7.11.
    """

    name = "key-symlink-target"
    severity = Severity.HIGH
    tags = ("files", "outage")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the links that lead nowhere."""
        for use in (*host.key_files, *host.certificate_files):
            target = host.host.dangling_link(use.name)
            if target is not None and use.origin.span:
                yield self.finding(
                    use.origin,
                    f"{use.name} is a symlink to {target}, which is not there: TLS fails from the next start on",
                    advice="let the link lead to the file that is there now",
                    subject=use.name,
                )
