from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.files.certificates import Certificate, read_certificate
from auditor.files.keys import belong_together, first_key, key_chains, read_key
from auditor.files.pem import Block, parse_pem

PASSPHRASE = "passphrase-of-the-cases"
RSA = rsa.generate_private_key(65537, 2048)
KINDS = {
    "rsa": (RSA, PrivateFormat.PKCS8),
    "rsa pkcs1": (RSA, PrivateFormat.TraditionalOpenSSL),
    "ec": (ec.generate_private_key(ec.SECP256R1()), PrivateFormat.PKCS8),
    "ec sec1": (ec.generate_private_key(ec.SECP384R1()), PrivateFormat.TraditionalOpenSSL),
    "ed25519": (ed25519.Ed25519PrivateKey.generate(), PrivateFormat.PKCS8),
    "dsa": (dsa.generate_private_key(1024), PrivateFormat.TraditionalOpenSSL),
}


def certificate(data: bytes) -> Certificate:
    found = read_certificate(parse_pem(data).certificates[0])
    assert isinstance(found, Certificate)
    return found


@pytest.mark.parametrize(("key", "form"), KINDS.values(), ids=KINDS.keys())
def test_kinds(key, form):
    found = first_key(parse_pem(key.private_bytes(Encoding.PEM, form, NoEncryption())))
    assert found
    assert (bool(found.public), found.encrypted, found.why) == (True, False, "")


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_encrypted_keys_are_decrypted_only_with_their_password(form):
    pem = parse_pem(RSA.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"right")))
    plain = first_key(parse_pem(RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())))
    without, wrong, right = (first_key(pem, password) for password in (None, "wrong", "right"))
    assert plain
    assert without
    assert wrong
    assert right
    assert (without.encrypted, without.public, without.why) == (True, b"", "it is encrypted")
    assert (wrong.encrypted, wrong.public, wrong.why) == (True, b"", "its password is not the given one")
    assert (right.encrypted, right.public) == (True, plain.public)


def test_the_key_of_a_certificate(pki):
    server = certificate(pki("server.crt"))
    own, other = (first_key(parse_pem(pki(name))) for name in ("server.key", "mismatch.key"))
    locked = first_key(parse_pem(pki("server-encrypted.key")))
    opened = first_key(parse_pem(pki("server-encrypted.key")), PASSPHRASE)
    assert own
    assert other
    assert locked
    assert opened
    assert belong_together(own, server) is True
    assert belong_together(other, server) is False
    assert belong_together(locked, server) is None
    assert belong_together(opened, server) is True


def test_the_first_key_counts(pki):
    found = first_key(parse_pem(pki("server.crt", "mismatch.key", "server.key")))
    assert found
    assert belong_together(found, certificate(pki("server.crt"))) is False
    assert first_key(parse_pem(pki("server.crt"))) is None


def test_chains(pki):
    found = key_chains(parse_pem(pki("server.key", "server.crt", "ca.crt", "mismatch.key", "alice.crt")))
    assert [[one.subject for one in chain.certificates] for chain in found] == [
        ["mail.example.org", "Example Mail CA"],
        ["Alice"],
    ]
    (first,) = key_chains(parse_pem(pki("server.crt")))
    assert first.key is None
    assert key_chains(parse_pem(b"")) == []


def test_key_material_is_not_in_the_representation(pki):
    found = first_key(parse_pem(pki("server.key")))
    assert found
    assert "MIG" not in repr(found)
    assert repr(found.block.der) not in repr(found)


def test_a_key_too_large_is_not_decoded(pki):
    (block,) = parse_pem(pki("server.key")).keys
    large = Block(block.label, 1, 2, b"\x30\x83\x02\x00\x00" + bytes(0x20000))
    assert read_key(large).why == "it is too large"


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_never_raises(pki, data):
    (block,) = parse_pem(pki(data.draw(st.sampled_from(["server.key", "server-encrypted.key"])))).keys
    der = bytearray(block.der)
    for _ in range(data.draw(st.integers(1, 3))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    headers = data.draw(st.sampled_from([b"", b"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n"]))
    found = read_key(Block(block.label, 1, 2, bytes(der), headers), data.draw(st.sampled_from([None, "", "x"])))
    assert found.public or found.why
