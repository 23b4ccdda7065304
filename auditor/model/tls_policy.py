"""What a published policy asks of TLS: protocol versions, ciphers, sizes of keys, and hashes of signatures.

The numbers are those of the documents, each with its date, in auditor/data/tls-policies.json; ``--policy`` chooses.
Ciphers of TLS 1.3 are in none of them: every policy takes those that OpenSSL offers.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.packaged import table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.model.openssl_ciphers import Cipher

DEFAULT_POLICY: Final = "mozilla-intermediate"
PROTOCOLS: Final = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
"""The protocol versions, the oldest first, as OpenSSL spells them."""


class Policy(NamedTuple):
    """One policy; sizes are the smallest that it takes, in bits."""

    title: str
    date: str
    source: str
    minimum_protocol: str
    ciphers: frozenset[str]
    """IANA's names of the suites up to TLS 1.2 that it takes."""
    rsa_bits: int
    ec_bits: int
    dh_bits: int
    hashes: frozenset[str]
    """Hashes of signatures on certificates."""

    @property
    def cited(self) -> str:
        """Its title with date and source, for a finding."""
        return f"{self.title} ({self.date}, {self.source})"

    def too_old(self, protocols: Iterable[str]) -> list[str]:
        """Return those of these protocol versions that it does not take, the oldest first."""
        oldest = PROTOCOLS.index(self.minimum_protocol)
        return [one for one in sorted(protocols, key=PROTOCOLS.index) if PROTOCOLS.index(one) < oldest]

    def not_taken(self, ciphers: Iterable[Cipher]) -> list[Cipher]:
        """Return those of these ciphers that it does not take."""
        return [cipher for cipher in ciphers if cipher.standard_name not in self.ciphers]


@cache
def policies() -> dict[str, Policy]:
    """Return the policies by the names that ``--policy`` takes."""
    found = {}
    for name, facts in table("tls-policies").items():
        del facts["note"]
        facts["ciphers"], facts["hashes"] = frozenset(facts["ciphers"]), frozenset(facts["hashes"])
        found[name] = Policy(**facts)
    return found
