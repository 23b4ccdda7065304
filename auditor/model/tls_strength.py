"""What the TLS settings of a connection come to, and which of it is broken or against the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.model.openssl_ciphers import ListTooLongError, expand
from auditor.model.tls_protocols import from_minimum, from_words
from auditor.text import enumerated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.dovecot.configuration import Setting
    from auditor.model.openssl import OpenSsl
    from auditor.model.openssl_ciphers import Cipher, CipherList

OBSOLETE: Final = ("RC4", "3DES", "DES", "RC2", "EXP", "IDEA", "SEED")
"""What OpenSSL 1.1.0 and later leave out unless they are built otherwise (CHANGES.md, enable-weak-ssl-ciphers)."""
_ENOUGH_BITS: Final = 112
"""RFC 9325, 4.1: no cipher suite with less strength may be negotiated."""


class Ciphers(NamedTuple):
    """A cipher list as an OpenSSL reads it; ``known`` is None where that refuses the list."""

    known: CipherList | None
    openssl: OpenSsl
    level: int
    """The security level that it comes to."""

    @property
    def usable(self) -> tuple[Cipher, ...]:
        """What can be negotiated."""
        return self.known.usable(self.level) if self.known else ()

    @property
    def broken(self) -> list[Cipher]:
        """What can be negotiated and gives no protection: no encryption, no authentication, or too few bits."""
        return [one for one in self.usable if fault(one)]

    @property
    def obsolete(self) -> list[str]:
        """What the list asks for by name and this OpenSSL no longer has."""
        return [word for word in self.known.idle if any(one in word for one in OBSOLETE)] if self.known else []


def read_ciphers(text: str, openssl: OpenSsl, *, level: int | None = None) -> Ciphers | None:
    """Return what a list comes to; None for one that is too long or stands for the crypto policy of Fedora's OpenSSL.

    ``level`` is the security level that the daemon sets itself.
    """
    if text.startswith("PROFILE="):
        return None
    try:
        known = expand(text, openssl.version)
    except ListTooLongError:
        return None
    if known and known.security_level is not None:
        level = known.security_level
    return Ciphers(known, openssl, openssl.level if level is None else level)


def fault(cipher: Cipher) -> str:
    """Return what a cipher lacks, in words; empty for one that protects."""
    if cipher.encryption == "None":
        return "no encryption"
    if cipher.authentication == "None":
        return "no authentication"
    return "too few bits" if cipher.bits < _ENOUGH_BITS else ""


def allowed_protocols(setting: Setting) -> tuple[str, ...]:
    """Return the protocol versions that a setting of Dovecot allows, the oldest first."""
    name = setting.name.rpartition("/")[2]
    return from_words(setting.value) if name == "ssl_protocols" else from_minimum(setting.value)


def named(words: Iterable[str], most: int = 3) -> str:
    """Return some names for a sentence: the first few, and how many more there are."""
    names = list(words)
    more = len(names) - most
    if more > 1:
        return f"{', '.join(names[:most])} and {more} more"
    return enumerated(names)
