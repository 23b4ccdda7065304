"""A private key that others than root can replace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import given_to_root
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class SecretPermissionsParent(HostRule):
    """Others than root can put another private key in the place of one.

    What: a directory on the way to a key file, or the file itself, can be written by a user or a group other than
    root, whatever the mode of the key.

    Why it matters: with a key and certificate of his own in place a local user reads what users send, or takes TLS
    out of service.

    How to mend it: `chown root` and `chmod go-w` for what is named.

    When to ignore it: the user renews the certificates, and is trusted with the key; then it is better to let it
    write a folder of its own, from which root copies.

    Sources: Dovecot wiki, SSL/DovecotConfiguration (only root needs the key); unlink(2), rename(2): the rights on
    the directory decide.
    """

    name = "secret-permissions-parent"
    severity = Severity.HIGH
    tags = ("files", "secret")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the places by which others can replace keys."""
        for leak in host.writable_keys:
            for what, why in leak.undecided:
                yield self.not_checked(what, why)
            first = leak.files[0]
            if leak.who and first.origin:
                yield self.finding(
                    first.origin,
                    f"{leak.how}, and with it replace {first.name}",
                    because=[(file.origin, "this key, too") for file in leak.files[1:] if file.origin],
                    advice=f"chown root {leak.place.path}; chmod go-w {leak.place.path}",
                    label="the key file is named here",
                    subject=leak.place.path,
                    fix=given_to_root(leak.place),
                )
