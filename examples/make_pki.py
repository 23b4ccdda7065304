"""Writes the certificates, CRLs and keys of the examples, and the fingerprints that the sound ones relay for.

Run ``python examples/make_pki.py``; it writes the same bytes each time. Everything is valid until 2085, so that no
example turns red by waiting. The clients' certificates stay with the clients: only fingerprints are on the server.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import hashes

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))

from throwaway_pki import (  # noqa: E402 (behind the path to tools/)
    NOT_AFTER,
    authority,
    client_certificate,
    derived_key,
    key_pem,
    pem,
    revocation_list,
    server_certificate,
)

SERVER = "mail.example.org"
FINGERPRINTS_HEAD = """\
# Client certificates that may relay: SHA-256 fingerprint, then a name for the reader.
#   openssl x509 -in alice.crt -noout -fingerprint -sha256
# To take the right from a certificate, delete its line and run "postfix reload".
"""


def main() -> None:
    """Write the files of every example."""
    clients_ca = authority("Example Org Easy-RSA CA", serial=0x5001)
    servers_ca = authority("Example Server CA", serial=0x5002)
    crl = revocation_list(
        clients_ca,
        number=4,
        last_update=datetime(2026, 11, 1, tzinfo=UTC),
        next_update=NOT_AFTER,
        revoked=[0x5103],
    )
    server_files = {
        f"etc/ssl/certs/{SERVER}.pem": pem(server_certificate(SERVER, servers_ca, serial=0x5201)),
        f"etc/ssl/private/{SERVER}.key": key_pem(derived_key(SERVER)),
    }
    ca, ca_and_crl = pem(clients_ca.certificate), pem(clients_ca.certificate) + pem(crl)
    easy_rsa = "etc/easy-rsa/easyrsa3/pki"
    write(
        "article",
        server_files
        | {f"{easy_rsa}/ca.crt": ca, f"{easy_rsa}/crl.pem": pem(crl), f"{easy_rsa}/ca+crl.pem": ca_and_crl},
    )

    rows = FINGERPRINTS_HEAD
    for serial, name in ((0x5101, "alice"), (0x5102, "bob")):
        certificate = client_certificate(name.title(), f"{name}@example.org", clients_ca, serial=serial)
        rows += f"{certificate.fingerprint(hashes.SHA256()).hex(':').upper()} {name}@example.org\n"
    sound = server_files | {
        "etc/ssl/certs/clients-ca+crl.pem": ca_and_crl,
        "etc/postfix/relay_clientcerts": rows.encode(),
    }
    write("sound", sound)
    write("sound-2.4", sound)


def write(example: str, files: dict[str, bytes]) -> None:
    """Write an example's files, each under its name below the example's root."""
    for name, data in files.items():
        file = HERE / example / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


if __name__ == "__main__":
    main()
