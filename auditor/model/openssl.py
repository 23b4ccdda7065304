"""The host's OpenSSL: what it refuses whatever the daemons' settings allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.postfix.defaults import version_numbers
from auditor.versions import openssl_version

if TYPE_CHECKING:
    from auditor.host import Host

LEVEL_2: Final = (3, 2)
"""The release whose default security level is 2; before it is 1 (NEWS.md, "changed from 1 to 2")."""
LEVELS: Final = (1, 1)
"""The release that brought security levels and left SSLv2 and by default SSLv3 out (CHANGES.md, 1.1.0)."""


class OpenSsl(NamedTuple):
    """An OpenSSL: its version, empty where it is not known, and the security level that it has by default."""

    version: tuple[int, ...]
    level: int

    @property
    def name(self) -> str:
        """What to call it."""
        return f"OpenSSL {'.'.join(map(str, self.version[:2]))}" if self.version else "OpenSSL"

    def speaks(self, protocol: str, level: int) -> bool:
        """Whether it negotiates a protocol that the settings allow, at a security level.

        From 3.0 on those before TLS 1.2 need level 0 (NEWS.md, 3.0). One that is not known is taken for 1.1 or later.
        """
        if protocol in ("SSLv2", "SSLv3"):
            return () < self.version < LEVELS
        return protocol in ("TLSv1.2", "TLSv1.3") or self.version < (3,) or level == 0


def openssl_of(host: Host) -> OpenSsl:
    """Return the OpenSSL of a host.

    Debian's packages have level 2 (README.Debian of openssl; asked in 3.0.22, 3.5.9 and 3.6.5).
    """
    version = openssl_version(host)
    if version is None:
        return OpenSsl((), 1)
    numbers = version_numbers(version.number)
    return OpenSsl(numbers, 2 if version.known_from == "dpkg" or numbers >= LEVEL_2 else 1)
