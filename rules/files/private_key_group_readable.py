"""A private key that a group of other users can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import closed_to_group
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class PrivateKeyGroupReadable(HostRule):
    """A group with other members than root can read a private key.

    What: the mode or ACL of a key file gives read to a group that is neither root's nor one for keys (ssl-cert,
    ssl-certs), and that group has members. Groups through which users of mail processes get to it have a finding of
    their own (`key-readable-by-mail-user`).

    Why it matters: each member can be the server to whoever connects.

    How to mend it: give the file to root and to a group that exists for keys: `chgrp ssl-cert`, or `chmod g-r`.

    When to ignore it: the members are those who look after the keys.

    Sources: Dovecot wiki, SSL/DovecotConfiguration (root and a group for keys); acl(5).
    """

    name = "private-key-group-readable"
    severity = Severity.MEDIUM
    tags = ("files", "secret")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the keys that groups of other users can read."""
        yield from self.unknown_readers(host)
        for key in host.keys_and_readers:
            if key.exposed:
                continue
            for group in key.unknown_groups:
                yield self.not_checked(
                    f"{key.readers.path}: the members of group {group}", "the tree has no /etc/group"
                )
            for group, members in key.strangers:
                yield self.finding(
                    key.use.origin,
                    f"group {group} ({', '.join(members[:5])}{', ...' * (len(members) > 5)}) can read the private key "
                    f"{key.readers.path} (mode {key.readers.permissions:04o})",
                    because=[(use.origin, "named here, too") for use in key.uses[1:]],
                    advice=f"chmod g-r {key.readers.path}, or give it to a group for keys (chgrp ssl-cert)",
                    label="the key file is named here",
                    subject=f"{key.use.name} {group}",
                    fix=closed_to_group(host, key.use.name),
                )
