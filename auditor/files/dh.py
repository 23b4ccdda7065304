"""Diffie-Hellman parameters in PEM files: the size of their prime."""

from __future__ import annotations

from typing import Final

from auditor.files.der import SEQUENCE, element
from auditor.files.pem import parse_pem

_INTEGER: Final = 0x02
_LABELS: Final = ("DH PARAMETERS", "X9.42 DH PARAMETERS")


def dh_bits(data: bytes) -> int | None:
    """Return the bits of the prime of the first parameters in a file; None where there are none.

    Their shape is a SEQUENCE that begins with the prime (PKCS#3, DHParameter; X9.42, DomainParameters).
    """
    for block in parse_pem(data).blocks:
        if block.label in _LABELS and block.der:
            outer = element(block.der, 0, len(block.der))
            prime = outer and outer[0] == SEQUENCE and element(block.der, outer[1], outer[2])
            if prime and prime[0] == _INTEGER:
                return int.from_bytes(block.der[prime[1] : prime[2]], "big").bit_length()
    return None
