"""Writes the throw-away PKI that the rules' cases compose their files from, beside itself.

Run ``python tests/pki/make.py``; it writes the same bytes each time. Dates are relative to the cases' clock,
2026-11-22T12:00:00Z; docs/writing-rules.md says what each file is.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tools"))

from cryptography import x509  # noqa: E402 (behind the path to tools/, as the next lines)
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: E402
from throwaway_pki import (  # noqa: E402
    NOT_AFTER,
    Authority,
    Key,
    authority,
    client_certificate,
    derived_key,
    key_pem,
    pem,
    revocation_list,
    server_certificate,
)

SERVER = "mail.example.org"
ENDED = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 9, 23, tzinfo=UTC))
PASSPHRASE = b"passphrase-of-the-cases"
REVOKED = 0x2003
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PUBLISHED = datetime(2026, 11, 1, tzinfo=UTC)
RSA_BITS = (1024, 2048)

ROOT = authority("Example Mail CA", serial=0x1001)
ISSUING = authority("Example Issuing CA", serial=0x1002, issuer=ROOT)
OTHER = authority("Other CA", serial=0x1003)
EXPIRED = authority("Example Old CA", serial=0x1005, valid=ENDED)
EXPIRED_ISSUING = authority("Example Old Issuing CA", serial=0x1006, issuer=ROOT, valid=ENDED)
REKEYED = authority("Example Mail CA", serial=0x1004, label="Example Mail CA, new key")


def certificates() -> dict[str, bytes]:
    return {
        "ca.crt": pem(ROOT.certificate),
        "ca.crt.der": ROOT.certificate.public_bytes(serialization.Encoding.DER),
        "ca-corrupt.crt": corrupted(pem(ROOT.certificate)),
        "issuing.crt": pem(ISSUING.certificate),
        "other-ca.crt": pem(OTHER.certificate),
        "rekeyed-ca.crt": pem(REKEYED.certificate),
        "alice.crt": pem(client_certificate("Alice", "alice@example.org", ROOT, serial=0x2001)),
        "bob.crt": pem(client_certificate("Bob", "bob@example.org", ROOT, serial=0x2002)),
        "revoked.crt": pem(client_certificate("Revoked", "revoked@example.org", ROOT, serial=REVOKED)),
        "two-names.crt": pem(client_certificate("Erin.Smith", "", ROOT, serial=0x2004, more_names=("erin",))),
        "carol.crt": pem(client_certificate("Carol", "carol@example.org", ISSUING, serial=0x3001)),
        "stranger.crt": pem(client_certificate("Stranger", "alice@example.org", OTHER, serial=0x4001)),
        "expired-ca.crt": pem(EXPIRED.certificate),
        "expired-issuing.crt": pem(EXPIRED_ISSUING.certificate),
        "dora.crt": pem(client_certificate("Dora", "alice@example.org", EXPIRED, serial=0x5001)),
    }


def server_certificates() -> dict[str, bytes]:
    soon = NOW + timedelta(days=10)
    made = {
        "server": server_certificate(SERVER, ROOT, serial=0x2101),
        "server-any-purpose": server_certificate(SERVER, ROOT, serial=0x2102, purposes=()),
        "server-expired": server_certificate(SERVER, ROOT, serial=0x2103, valid=ENDED),
        "server-expiring": server_certificate(SERVER, ROOT, serial=0x2104, valid=(PUBLISHED, soon)),
        "server-future": server_certificate(SERVER, ROOT, serial=0x2105, valid=(NOW + timedelta(days=30), NOT_AFTER)),
        "server-no-san": server_certificate(SERVER, ROOT, serial=0x2106, alternative_name=""),
        "server-other-name": server_certificate(SERVER, ROOT, serial=0x2107, alternative_name="www.example.net"),
        "server-self-signed": server_certificate(SERVER, None, serial=0x2108),
        "server-sha1": signed_with_sha1(server_certificate(SERVER, ROOT, serial=0x2109), ROOT.key),
        "server-wildcard": server_certificate(SERVER, ROOT, serial=0x210A, alternative_name="*.example.org"),
        "server-of-issuing": server_certificate(SERVER, ISSUING, serial=0x3101),
        "server-of-expired-issuing": server_certificate(SERVER, EXPIRED_ISSUING, serial=0x5101),
    }
    for bits in RSA_BITS:
        public_key = rsa_key(bits).public_key()
        made[f"server-rsa{bits}"] = server_certificate(SERVER, ROOT, serial=0x2200 + bits, public_key=public_key)
    return {f"{name}.crt": pem(certificate) for name, certificate in made.items()}


def signed_with_sha1(certificate: x509.Certificate, key: Key) -> x509.Certificate:
    """Return a certificate signed anew with SHA-1, which cryptography refuses to do (ecdsa-with-SHA1, RFC 3279)."""
    sha256 = bytes.fromhex("300a06082a8648ce3d040302")
    sha1 = bytes.fromhex("300906072a8648ce3d0401")
    # The lengths of both sequences take two bytes.
    signed = sequence(certificate.tbs_certificate_bytes[4:].replace(sha256, sha1, 1))
    signature = b"\0" + key.sign(signed, ec.ECDSA(hashes.SHA1(), deterministic_signing=True))
    return x509.load_der_x509_certificate(sequence(signed + sha1 + b"\x03" + bytes([len(signature)]) + signature))


def sequence(contents: bytes) -> bytes:
    return b"\x30\x82" + len(contents).to_bytes(2) + contents


def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """Return the RSA key of a size, made once: nothing derives it from a label."""
    file = HERE / f"server-rsa{bits}.key"
    if not file.exists():
        # Smaller keys than 1,024 bits are refused by cryptography.
        file.write_bytes(key_pem(rsa.generate_private_key(65537, bits)))
    return serialization.load_pem_private_key(file.read_bytes(), None)


def keys() -> dict[str, bytes]:
    return {
        "ca.key": key_pem(ROOT.key),
        "server.key": key_pem(derived_key(SERVER)),
        "mismatch.key": key_pem(derived_key("old key of mail.example.org")),
    }


def crl(
    issuer: Authority,
    *,
    revoked: tuple[int, ...] = (),
    since: datetime = PUBLISHED,
    until: datetime = NOT_AFTER,
    key: Key | None = None,
) -> x509.CertificateRevocationList:
    # The number grows with the date, as a CA counts.
    return revocation_list(
        issuer, number=since.timetuple().tm_yday, last_update=since, next_update=until, revoked=revoked, key=key
    )


def revocation_lists() -> dict[str, bytes]:
    current = crl(ROOT, revoked=(REVOKED,))
    expired = crl(ROOT, revoked=(REVOKED,), since=NOW - timedelta(days=90), until=NOW - timedelta(days=60))
    return {
        "ca.crl": pem(current),
        "ca.crl.der": current.public_bytes(serialization.Encoding.DER),
        "ca-corrupt.crl": corrupted(pem(current)),
        "ca-empty.crl": pem(crl(ROOT)),
        "ca-newer.crl": pem(crl(ROOT, revoked=(REVOKED,), since=NOW - timedelta(days=7))),
        "ca-newer-empty.crl": pem(crl(ROOT, since=NOW - timedelta(days=7))),
        "ca-expired.crl": pem(expired),
        "ca-expiring.crl": pem(crl(ROOT, revoked=(REVOKED,), until=NOW + timedelta(days=3))),
        "ca-future.crl": pem(crl(ROOT, revoked=(REVOKED,), since=NOW + timedelta(days=30))),
        "ca-bad-signature.crl": pem(crl(ROOT, revoked=(REVOKED,), key=derived_key("nobody"))),
        "expired-ca.crl": pem(crl(EXPIRED)),
        "issuing.crl": pem(crl(ISSUING)),
        "other-ca.crl": pem(crl(OTHER)),
        "rekeyed-ca.crl": pem(crl(REKEYED)),
    }


def corrupted(block: bytes) -> bytes:
    """Return a PEM block that has lost the end of its second line, as after a bad copy."""
    lines = block.split(b"\n")
    lines[2] = lines[2][:20] + b"!"
    return b"\n".join(lines)


def main() -> None:
    for name, data in (certificates() | server_certificates() | keys() | revocation_lists()).items():
        (HERE / name).write_bytes(data)
    encrypted = HERE / "server-encrypted.key"
    # Its salt is random: written once.
    if not encrypted.exists():
        encrypted.write_bytes(key_pem(derived_key(SERVER), PASSPHRASE))


if __name__ == "__main__":
    main()
