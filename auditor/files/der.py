"""Just enough of DER (X.690) to tell whether an element is whole and whether it looks like a certificate or a CRL."""

from __future__ import annotations

from typing import Final

SEQUENCE: Final = 0x30
_INTEGER: Final = 0x02
_HOLDERS: Final = frozenset({0x30, 0x31, 0xA0, 0xA1, 0xA2, 0xA3})
"""Tags whose contents OpenSSL decodes: SEQUENCE, SET, and fields of certificates and CRLs with tags of their own."""
_TIMES: Final = frozenset({0x17, 0x18})
_VERSION: Final = 0xA0
_BIT_STRING: Final = 0x03

Element = tuple[int, int, int]
"""Tag byte, offset of the contents, offset after them."""


def element(data: bytes, at: int, end: int) -> Element | None:
    """Return the element that begins at an offset, or None when it is not whole or its length is indefinite."""
    if at + 2 > end or data[at] & 0x1F == 0x1F:
        return None
    length = data[at + 1]
    start = at + 2
    if length & 0x80:
        count = length & 0x7F
        if not 0 < count <= 4 or start + count > end:
            return None
        length = int.from_bytes(data[start : start + count], "big")
        start += count
    return (data[at], start, start + length) if start + length <= end else None


def whole(data: bytes) -> bytes | None:
    """Return the outer SEQUENCE without what stands behind it, as ``d2i_X509`` reads it; None without one."""
    found = element(data, 0, len(data))
    return data[: found[2]] if found and found[0] == SEQUENCE else None


def is_well_formed(data: bytes) -> bool:
    """Whether every element fits into the one that holds it.

    What is not well formed here, OpenSSL refuses, too, but for damage in the parameters of an algorithm, which it does
    not look into (6 of 23,000 damaged certificates and CRLs). It accepts BER's indefinite lengths, which count as well
    formed.
    """
    outer = element(data, 0, len(data))
    if outer is None:
        return data[:2] == b"\x30\x80"
    if outer[0] != SEQUENCE:
        return False
    pending = [(outer[1], outer[2])]
    while pending:
        at, end = pending.pop()
        while at < end:
            found = element(data, at, end)
            if found is None:
                return data[at + 1 : at + 2] == b"\x80"
            if found[0] in _HOLDERS:
                pending.append(found[1:])
            at = found[2]
    return True


def kind(data: bytes, at: int, end: int) -> str:
    """Return ``certificate`` or ``crl`` for what the element at an offset looks like, else nothing.

    The shapes are those of RFC 5280, sections 4.1 and 5.1.
    """
    outer = element(data, at, end)
    if outer is None or outer[0] != SEQUENCE:
        return ""
    signed = element(data, outer[1], outer[2])
    if signed is None or signed[0] != SEQUENCE:
        return ""
    algorithm = element(data, signed[2], outer[2])
    if algorithm is None or algorithm[0] != SEQUENCE:
        return ""
    signature = element(data, algorithm[2], outer[2])
    if signature is None or signature[0] != _BIT_STRING or signature[2] != outer[2]:
        return ""
    tags = _tags(data, signed[1], signed[2])
    # The version comes first: of a certificate in a tag of its own, of a CRL as an INTEGER; both may lack it.
    if tags[:1] == [_VERSION] or (tags[:3] == [_INTEGER, SEQUENCE, SEQUENCE] and tags[3] in _TIMES):
        tags = tags[1:]
    if tags[:4] == [_INTEGER, SEQUENCE, SEQUENCE, SEQUENCE]:
        return "certificate"
    return "crl" if tags[:2] == [SEQUENCE, SEQUENCE] and tags[2] in _TIMES else ""


def _tags(data: bytes, at: int, end: int) -> list[int]:
    """Return the tags of the first five elements, with zeroes for those that are not there."""
    tags: list[int] = []
    while len(tags) < 5 and (found := element(data, at, end)):
        tags.append(found[0])
        at = found[2]
    return [*tags, 0, 0, 0, 0, 0][:5]


def public_key_of(certificate: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo of a certificate as it stands (RFC 5280, section 4.1), empty without one."""
    outer = element(certificate, 0, len(certificate))
    signed = element(certificate, outer[1], outer[2]) if outer else None
    if signed is None:
        return b""
    at = signed[1]
    fields: list[tuple[int, int, int]] = []
    while len(fields) < 7 and (found := element(certificate, at, signed[2])):
        fields.append((found[0], at, found[2]))
        at = found[2]
    # serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, behind the version where there is one.
    index = 6 if fields and fields[0][0] == _VERSION else 5
    return certificate[fields[index][1] : fields[index][2]] if len(fields) > index else b""
