"""The committed certificates, CRLs and keys are what their scripts make, and OpenSSL finds them as they are called."""

from __future__ import annotations

import inspect
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509

PKI = Path(__file__).resolve().parent
CLOCK = "1795348800"
"""2026-11-22T12:00:00Z, the cases' clock."""
REPOSITORY = PKI.parents[1]
RANDOM = ("server-encrypted.key", "server-rsa*")


@pytest.mark.skipif(
    "ecdsa_deterministic" not in inspect.signature(x509.CertificateBuilder.sign).parameters,
    reason="this version of cryptography cannot sign deterministically",
)
@pytest.mark.parametrize("script", ["tests/pki/make.py", "examples/make_pki.py"])
def test_the_files_are_what_the_script_makes(script: str, tmp_path: Path) -> None:
    for name in ("tools/throwaway_pki.py", script):
        (tmp_path / name).parent.mkdir(parents=True)
        shutil.copy(REPOSITORY / name, tmp_path / name)
    subprocess.run([sys.executable, tmp_path / script], check=True)
    folder = Path(script).parent
    files = (file for file in (tmp_path / folder).rglob("*") if file.is_file())
    made = [file for file in files if not any(file.match(pattern) for pattern in RANDOM)]
    differing = [
        file.name for file in made if (REPOSITORY / file.relative_to(tmp_path)).read_bytes() != file.read_bytes()
    ]
    assert len(made) > 10
    assert differing == []


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
@pytest.mark.parametrize(
    ("client", "trusted", "error"),
    [
        ("alice.crt", ["ca.crt", "ca.crl"], ""),
        ("alice.crt", ["ca.crl", "ca.crt"], ""),
        ("alice.crt", ["ca.crt"], "unable to get certificate CRL"),
        ("alice.crt", ["ca.crt", "ca.crl.der"], "unable to get certificate CRL"),
        ("alice.crt", ["ca.crt", "ca-expired.crl"], "CRL has expired"),
        ("alice.crt", ["ca.crt", "ca-expiring.crl"], ""),
        ("alice.crt", ["ca.crt", "ca-future.crl"], "CRL is not yet valid"),
        ("alice.crt", ["ca.crt", "ca-bad-signature.crl"], "CRL signature failure"),
        ("alice.crt", ["ca.crt", "other-ca.crl"], "unable to get certificate CRL"),
        ("alice.crt", ["ca.crt", "rekeyed-ca.crl"], "unable to get certificate CRL"),
        ("alice.crt", ["ca.crt", "ca-corrupt.crl"], "bad base64 decode"),
        ("alice.crt", ["ca-corrupt.crt", "ca.crl"], "bad base64 decode"),
        ("alice.crt", ["rekeyed-ca.crt", "rekeyed-ca.crl"], "unable to get local issuer certificate"),
        ("revoked.crt", ["ca.crt", "ca.crl"], "certificate revoked"),
        ("revoked.crt", ["ca.crt", "ca.crl", "ca-empty.crl"], "certificate revoked"),
        ("revoked.crt", ["ca.crt", "ca-empty.crl", "ca.crl"], ""),
        ("revoked.crt", ["ca.crt", "ca.crl", "ca-newer-empty.crl"], ""),
        ("carol.crt", ["issuing.crt", "issuing.crl", "ca.crt", "ca.crl"], ""),
        ("carol.crt", ["issuing.crt", "issuing.crl", "ca.crt"], "unable to get certificate CRL"),
        ("revoked.crt", ["ca.crt", "ca-newer.crl"], "certificate revoked"),
        ("stranger.crt", ["ca.crt", "ca.crl"], "unable to get local issuer certificate"),
        ("dora.crt", ["expired-ca.crt", "expired-ca.crl"], "certificate has expired"),
        ("server-expired.crt", ["ca.crt", "ca.crl"], "certificate has expired"),
        ("server-future.crt", ["ca.crt", "ca.crl"], "certificate is not yet valid"),
        ("server-self-signed.crt", ["ca.crt", "ca.crl"], "self-signed certificate"),
        ("server-of-issuing.crt", ["ca.crt", "ca.crl"], "unable to get local issuer certificate"),
        ("server-rsa2048.crt", ["ca.crt", "ca.crl"], ""),
    ],
)
def test_openssl_finds_them_as_they_are_called(client: str, trusted: list[str], error: str, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(b"".join((PKI / name).read_bytes() for name in trusted))
    # As Dovecot checks clients: X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL (src/lib-ssl-iostream).
    options = ["-attime", CLOCK, "-crl_check", "-crl_check_all", "-no-CApath", "-no-CAstore", "-CAfile", bundle]
    command = ["openssl", "verify", *options, PKI / client]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (error == "")
    assert error in done.stdout + done.stderr
