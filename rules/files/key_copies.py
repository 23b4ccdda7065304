"""A copy of a private key that others have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.model.exposure import Openness
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


SEVERITY: Final = {Openness.COMMITTED: Severity.HIGH, Openness.WORLD: Severity.MEDIUM, Openness.DIRECTORY: Severity.LOW}


class KeyCopies(HostRule):
    """A private key lies where others can read it: as a backup beside the key, or in a git repository.

    What: beside a key that a setting names lies a backup of it (server.key~, .bak, .old, .dpkg-old and so on) that
    every user of the host can read; or a file with a private key is committed to the git repository that the
    configuration lies in. Keys that need a password do not count, nor do those of tests and examples.

    Why it matters: the copy opens as much as the key. From a repository it never goes away again: whoever clones it
    later has it, too.

    How to mend it: remove the copy; replace a key that was committed, and keep the new one out (.gitignore).

    When to ignore it: a key that was made for tests and protects nothing.

    Sources: Dovecot wiki, SSL/DovecotConfiguration (permissions of the key); gitformat-index of git (what is
    tracked).
    """

    name = "key-copies"
    severity = Severity.HIGH
    tags = ("files", "secret")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the copies that others have."""
        if host.exposures.repository and host.exposures.repository.why:
            yield self.not_checked("private keys in the git repository", host.exposures.repository.why)
        for copy in host.key_copies:
            found = copy.exposure
            committed = found.by is Openness.COMMITTED
            yield self.finding(
                copy.of.origin if copy.of else found.path,
                f"{found.how}: a {'' if committed else 'copy of a '}private key",
                because=[(found.path, "the key")],
                advice=found.advice if committed else f"remove {found.path}, and replace the key",
                severity=SEVERITY[found.by],
                subject=found.path,
            )
