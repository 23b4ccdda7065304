"""Files that a configuration names, and what for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from auditor.text import Origin


class FileUse(NamedTuple):
    """A setting that names a file: the setting as the user spells it, the absolute name, and where it is said."""

    product: str
    setting: str
    name: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate file and the key file that the daemon uses with it; they may be one file."""

    certificate: FileUse
    key: FileUse
    password: str | None = field(default=None, repr=False)
    """The password of an encrypted key, where the configuration holds it. Never show it."""


class TrustUse(NamedTuple):
    """A file of CA certificates that client certificates are verified against, and how."""

    file: FileUse
    asks: bool
    """Whether clients are asked for certificates where this file is in effect."""
    checks_crl: bool
    """Whether the daemon checks certificates against CRLs there."""
    counts: bool = True
    """Whether a client's certificate decides anything there: whose mailbox it is, or whether a login is possible."""
    refuses_nul: bool = False
    """Whether the daemon does not start with a file that holds NUL characters: Dovecot 2.4 (tried on 2.4.1)."""
    refuses_empty: bool = True
    """Whether TLS fails with an empty file; with Dovecot 2.4.5 it works, and no client is trusted (tried)."""
