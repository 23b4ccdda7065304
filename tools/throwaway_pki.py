"""Throw-away certificates and CRLs for the rules' cases and the examples.

Keys are derived from their label and signatures are deterministic (RFC 6979), so that a script run again writes the
same bytes. Nobody may trust these keys: whoever reads this file can make them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Sequence

NOT_BEFORE: Final = datetime(2026, 1, 1, tzinfo=UTC)
NOT_AFTER: Final = datetime(2085, 1, 1, tzinfo=UTC)
"""End of every certificate; from 2050 on X.509 writes it as GeneralizedTime (RFC 5280, 4.1.2.5)."""
SIGNATURE: Final = hashes.SHA256()
P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Number of points of the curve P-256 (SP 800-186, 3.2.1.3): private keys lie below it."""

Key = ec.EllipticCurvePrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
Validity = tuple[datetime, datetime]
ALWAYS: Final = (NOT_BEFORE, NOT_AFTER)


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA: its key and its certificate."""

    key: Key
    certificate: x509.Certificate


def derived_key(label: str) -> Key:
    """Return the P-256 key of a label, always the same."""
    number = int.from_bytes(hashlib.sha256(f"mailaudit throw-away key: {label}".encode()).digest())
    return ec.derive_private_key(number % (P256_ORDER - 1) + 1, ec.SECP256R1())


def subject(*common_names: str, email: str = "") -> x509.Name:
    """Return a subject name as easy-rsa writes it: the common name, then the mail address if there is one."""
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name) for name in common_names]
    if email:
        parts.append(x509.NameAttribute(NameOID.EMAIL_ADDRESS, email))
    return x509.Name(parts)


def authority(
    common_name: str,
    *,
    serial: int,
    label: str = "",
    issuer: Authority | None = None,
    valid: Validity = ALWAYS,
) -> Authority:
    """Return a CA: a root, or one that ``issuer`` signed; ``label`` tells apart the keys of CAs with one name."""
    key = derived_key(label or common_name)
    builder = _builder(subject(common_name), key.public_key(), serial, issuer, valid)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(signs_certificates=True), critical=True)
    return Authority(key, _signed(builder, issuer.key if issuer else key))


def client_certificate(
    common_name: str, email: str, issuer: Authority, *, serial: int, more_names: tuple[str, ...] = ()
) -> x509.Certificate:
    """Return a certificate for TLS clients; its key is the one derived from the first of its common names."""
    names = subject(common_name, *more_names, email=email)
    builder = _builder(names, derived_key(common_name).public_key(), serial, issuer)
    return _signed(_leaf(builder, [ExtendedKeyUsageOID.CLIENT_AUTH]), issuer.key)


def server_certificate(
    host_name: str,
    issuer: Authority | None,
    *,
    serial: int,
    alternative_name: str | None = None,
    public_key: PublicKey | None = None,
    purposes: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.SERVER_AUTH,),
    valid: Validity = ALWAYS,
) -> x509.Certificate:
    """Return a certificate for a TLS server; its key is the one derived from the host name, or the given one.

    Without an issuer it signs itself. ``alternative_name`` stands for the host name as subjectAltName, and an empty one
    for none.
    """
    key = derived_key(host_name)
    builder = _builder(subject(host_name), public_key or key.public_key(), serial, issuer, valid)
    names = [host_name if alternative_name is None else alternative_name]
    builder = _leaf(builder, purposes, [name for name in names if name])
    return _signed(builder, issuer.key if issuer else key)


def revocation_list(
    issuer: Authority,
    *,
    number: int,
    last_update: datetime,
    next_update: datetime,
    revoked: Sequence[int] = (),
    key: Key | None = None,
) -> x509.CertificateRevocationList:
    """Return a CRL that lists serial numbers; it is a bad one when a ``key`` other than the issuer's signs it."""
    builder = x509.CertificateRevocationListBuilder(issuer.certificate.subject, last_update, next_update)
    builder = builder.add_extension(_issuer_key_identifier(issuer), critical=False)
    builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    for serial in revoked:
        entry = x509.RevokedCertificateBuilder(serial, datetime(2026, 10, 1, tzinfo=UTC))
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(key or issuer.key, SIGNATURE, ecdsa_deterministic=True)


def pem(thing: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    """Return a certificate or CRL as one PEM block."""
    return thing.public_bytes(serialization.Encoding.PEM)


def key_pem(key: Key | rsa.RSAPrivateKey, passphrase: bytes = b"") -> bytes:
    """Return a private key as one PKCS#8 block, encrypted if there is a passphrase."""
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def _leaf(
    builder: x509.CertificateBuilder, purposes: Sequence[x509.ObjectIdentifier], host_names: Sequence[str] = ()
) -> x509.CertificateBuilder:
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
    builder = builder.add_extension(_key_usage(signs_certificates=False), critical=True)
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    if host_names:
        names = x509.SubjectAlternativeName([x509.DNSName(name) for name in host_names])
        builder = builder.add_extension(names, critical=False)
    return builder


def _builder(
    name: x509.Name, key: PublicKey, serial: int, issuer: Authority | None, valid: Validity = ALWAYS
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(issuer.certificate.subject if issuer else name, name, key, serial)
    builder = builder.not_valid_before(valid[0]).not_valid_after(valid[1])
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    return builder.add_extension(_issuer_key_identifier(issuer), critical=False) if issuer else builder


def _issuer_key_identifier(issuer: Authority) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(builder: x509.CertificateBuilder, key: Key) -> x509.Certificate:
    return builder.sign(key, SIGNATURE, ecdsa_deterministic=True)
