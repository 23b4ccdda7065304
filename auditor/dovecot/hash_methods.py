"""The hash methods that Dovecot knows."""

from __future__ import annotations

from typing import Final

HASH_BITS: Final = {
    "md4": 128,
    "md5": 128,
    "sha1": 160,
    "sha256": 256,
    "sha384": 384,
    "sha512": 512,
    "sha3-256": 256,
    "sha3-512": 512,
    "size": 64,
}
"""``hash_methods`` in src/lib/hash-method.c with the sizes of their digests in bits, the same in 2.3 and 2.4."""
