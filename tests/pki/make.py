"""Writes the throw-away PKI that the rules' cases compose their files from, beside itself.

Run ``python tests/pki/make.py``; it writes the same bytes each time. Dates are relative to the cases' clock,
2026-11-22T12:00:00Z; docs/writing-rules.md says what each file is.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tools"))

from cryptography.hazmat.primitives import serialization  # noqa: E402 (behind the path to tools/, as the next line)
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
PASSPHRASE = b"passphrase-of-the-cases"
REVOKED = 0x2003
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PUBLISHED = datetime(2026, 11, 1, tzinfo=UTC)

ROOT = authority("Example Mail CA", serial=0x1001)
ISSUING = authority("Example Issuing CA", serial=0x1002, issuer=ROOT)
OTHER = authority("Other CA", serial=0x1003)
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
        "carol.crt": pem(client_certificate("Carol", "carol@example.org", ISSUING, serial=0x3001)),
        "stranger.crt": pem(client_certificate("Stranger", "alice@example.org", OTHER, serial=0x4001)),
        "server.crt": pem(server_certificate(SERVER, ROOT, serial=0x2101)),
    }


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
        "ca-newer-empty.crl": pem(crl(ROOT, since=NOW - timedelta(days=7))),
        "ca-expired.crl": pem(expired),
        "ca-expiring.crl": pem(crl(ROOT, revoked=(REVOKED,), until=NOW + timedelta(days=3))),
        "ca-future.crl": pem(crl(ROOT, revoked=(REVOKED,), since=NOW + timedelta(days=30))),
        "ca-bad-signature.crl": pem(crl(ROOT, revoked=(REVOKED,), key=derived_key("nobody"))),
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
    for name, data in (certificates() | keys() | revocation_lists()).items():
        (HERE / name).write_bytes(data)
    encrypted = HERE / "server-encrypted.key"
    # Its salt is random: written once.
    if not encrypted.exists():
        encrypted.write_bytes(key_pem(derived_key(SERVER), PASSPHRASE))


if __name__ == "__main__":
    main()
