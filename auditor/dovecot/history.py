"""When a setting came, and when it went."""

from __future__ import annotations

from typing import NamedTuple


class History(NamedTuple):
    """The release that a setting came with, and the one that it was gone from; the one that is not known is empty."""

    since: str
    until: str

    def told(self, name: str, version: str) -> str:
        """Return it in words, for the version that does not know the setting."""
        if self.until:
            return f"{name} is gone since Dovecot {self.until}"
        return f"{name} came with Dovecot {self.since}; this is read as {version}"
