"""Configuration that others than root can write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import given_to_root
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class ConfigPathWritable(HostRule):
    """Others than root can change what the daemons do.

    What: a configuration file, an include, a table, a file of users, of CAs or of a database's settings, or a
    directory on the way to one, can be written by a user or a group other than root. Directories with the sticky
    bit count only for their owner.

    Why it matters: who can write it takes the server: a line adds a CA, a user without a password, or a program
    that runs as root. A hole in the web mail or in a delivery script that runs as that user is enough.

    How to mend it: `chown root` and `chmod go-w` for what is named.

    When to ignore it: all members of the group administer this host as root anyway.

    Sources: postfix check and set-permissions (files in /etc/postfix belong to root); Dovecot runs its master and
    reads dovecot.conf as root (Dovecot manual, Service Configuration).
    """

    name = "config-path-writable"
    severity = Severity.HIGH
    tags = ("files",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the places by which others can change the configuration."""
        for leak in host.writable_configuration:
            for what, why in leak.undecided:
                yield self.not_checked(what, why)
            if not leak.who:
                continue
            first = leak.files[0]
            yield self.finding(
                first.origin or leak.place.path,
                f"{leak.how}, and with it {first.what}",
                because=[(file.origin, f"{file.what}, too") for file in leak.files[1:5] if file.origin],
                advice=f"chown root {leak.place.path}; chmod go-w {leak.place.path}",
                subject=leak.place.path,
                fix=given_to_root(leak.place),
            )
