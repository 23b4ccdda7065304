"""What a certificate says about its key, its signature, its names and its purposes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from auditor.files.certificates import attempt

if TYPE_CHECKING:
    from auditor.files.certificates import Certificate
    from auditor.files.crls import Crl

CLIENT_AUTH: Final = "1.3.6.1.5.5.7.3.2"
LOG_TIMESTAMPS: Final = "1.3.6.1.4.1.11129.2.4.2"
"""The extension that proves that a certificate stands in a public log (RFC 6962, 3.3)."""


class PublicKey(NamedTuple):
    """The kind of a public key, ``RSA``, ``DSA``, ``EC`` or another, and its size in bits (0 where it has none)."""

    kind: str
    bits: int

    def __str__(self) -> str:
        return f"{self.kind} with {self.bits} bits" if self.bits else self.kind


def public_key(certificate: Certificate) -> PublicKey | None:
    """Return kind and size of a certificate's key, None when it cannot be read here."""
    key = certificate.public_key()
    if key is None:
        return None
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

    kinds = {rsa.RSAPublicKey: "RSA", dsa.DSAPublicKey: "DSA", ec.EllipticCurvePublicKey: "EC"}
    kind = next((name for one, name in kinds.items() if isinstance(key, one)), "")
    return PublicKey(kind, key.key_size) if kind else PublicKey(type(key).__name__.lstrip("_").split("Public")[0], 0)


def signature_hash(signed: Certificate | Crl) -> str:
    """Return the name of the hash that a signature rests on, such as ``sha1``; empty where there is none to name."""
    loaded: Any = signed.x509
    found = attempt(lambda: loaded.signature_hash_algorithm.name)
    return found or ""


def dns_names(certificate: Certificate) -> tuple[str, ...]:
    """Return the DNS names of subjectAltName, in lower case."""
    from cryptography import x509

    extension = _extension(certificate, "2.5.29.17")
    names = extension.get_values_for_type(x509.DNSName) if extension is not None else []
    return tuple(name.lower() for name in names)


def is_for_clients(certificate: Certificate) -> bool:
    """Whether OpenSSL takes it for that of a TLS client: no extendedKeyUsage, or one that says so.

    anyExtendedKeyUsage is not enough (``check_purpose_ssl_client``, crypto/x509/v3_purp.c; openssl verify 3.0.22).
    """
    extension = _extension(certificate, "2.5.29.37")
    return extension is None or CLIENT_AUTH in {one.dotted_string for one in extension}


def is_logged(certificate: Certificate) -> bool:
    """Whether it brings the proof that it stands in a public log, as only certificates of public CAs do."""
    return _extension(certificate, LOG_TIMESTAMPS) is not None


def subject_values(certificate: Certificate, oid: str) -> tuple[str, ...]:
    """Return the values that the subject has for an attribute, in their order."""
    loaded = certificate.x509
    found = attempt(lambda: [one.value for one in loaded.subject if one.oid.dotted_string == oid]) if loaded else None
    return tuple(value for value in found or () if isinstance(value, str))


def _extension(certificate: Certificate, oid: str) -> Any:
    loaded = certificate.x509
    if loaded is None:
        return None
    found = attempt(lambda: [one.value for one in loaded.extensions if one.oid.dotted_string == oid])
    return found[0] if found else None
