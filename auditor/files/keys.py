"""Private keys: of which kind they are, whether they are encrypted, and whether they belong to a certificate."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from auditor.files import der
from auditor.files.certificates import Certificate, attempt, read_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.files.pem import Block, Pem

MAX_KEY: Final = 64 * 1024
"""Bytes of the largest key that is decoded; an RSA key of 16,384 bits has about 9,500."""


@dataclass(frozen=True, slots=True, eq=False)
class PrivateKey:
    """One private key of a file.

    ``public`` is its SubjectPublicKeyInfo, empty when it could not be read: ``why`` says the reason.
    """

    block: Block
    encrypted: bool
    public: bytes = field(default=b"", repr=False)
    why: str = ""


class KeyChain(NamedTuple):
    """A key and the certificates behind it, as ``smtpd_tls_chain_files`` wants them (postconf(5)).

    ``key`` is None where certificates come before any key.
    """

    key: PrivateKey | None
    certificates: tuple[Certificate, ...] = ()


def first_key(pem: Pem, password: str | None = None) -> PrivateKey | None:
    """Return the key that OpenSSL takes from a file: the first one, whatever else stands there."""
    return read_key(pem.keys[0], password) if pem.keys else None


def read_key(block: Block, password: str | None = None) -> PrivateKey:
    """Return what a block says about a key. It is decrypted only when a password is given."""
    if block.error:
        return PrivateKey(block, block.encrypted, why=block.error)
    if block.encrypted and password is None:
        return PrivateKey(block, encrypted=True, why="it is encrypted")
    if len(block.der) > MAX_KEY:
        return PrivateKey(block, block.encrypted, why="it is too large")
    public = attempt(lambda: _public_key_info(block, password if block.encrypted else None))
    if public:
        return PrivateKey(block, block.encrypted, public)
    why = "its password is not the given one" if block.encrypted else "it is not a private key that can be read here"
    return PrivateKey(block, block.encrypted, why=why)


def _public_key_info(block: Block, password: str | None) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    secret = password.encode("utf-8", "surrogateescape") if password is not None else None
    public: bytes = _load(block, secret).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return public


def _load(block: Block, secret: bytes | None) -> Any:
    from cryptography.hazmat.primitives import serialization

    if block.headers:
        return serialization.load_pem_private_key(_pem(block), secret)
    data = der.whole(block.der) or b""
    try:
        # Its primes need no proof here, which takes a second for a large key; cryptography has this since 39.
        return serialization.load_der_private_key(data, secret, unsafe_skip_rsa_key_validation=True)
    except TypeError:
        return serialization.load_der_private_key(data, secret)


def _pem(block: Block) -> bytes:
    """Return the block's text anew; behind headers OpenSSL insists on lines of 64."""
    label, text = block.label.encode("latin-1"), b64encode(block.der)
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    begin, end = b"-----BEGIN " + label + b"-----", b"-----END " + label + b"-----"
    return b"\n".join([begin, block.headers, *lines, end, b""])


def belong_together(key: PrivateKey, certificate: Certificate) -> bool | None:
    """Whether a certificate is for the public half of a key; None when either could not be read."""
    if not key.public or not certificate.public_key_info:
        return None
    if key.public == certificate.public_key_info:
        return True
    # The same key may be written in two ways; compare them as the library writes both.
    other = attempt(lambda: _canonical(certificate))
    return None if not other else key.public == other


def _canonical(certificate: Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = certificate.public_key()
    return b"" if public is None else bytes(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def key_chains(pem: Pem) -> list[KeyChain]:
    """Return the keys of a file, or of several read as one, each with the certificates up to the next key."""
    return list(_key_chains([block for block in pem.blocks if block.is_key or block.is_certificate]))


def _key_chains(blocks: Sequence[Block]) -> Iterator[KeyChain]:
    key: PrivateKey | None = None
    certificates: list[Certificate] = []
    for block in blocks:
        if block.is_key:
            if key or certificates:
                yield KeyChain(key, tuple(certificates))
            key, certificates = read_key(block), []
        elif isinstance(found := read_certificate(block), Certificate):
            certificates.append(found)
    if key or certificates:
        yield KeyChain(key, tuple(certificates))
