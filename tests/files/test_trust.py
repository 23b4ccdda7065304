from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.files.certificates import Certificate, Refused, read_certificate
from auditor.files.crls import Crl
from auditor.files.pem import Block
from auditor.files.trust import TrustDirectory, TrustFile, read_trust_directory, read_trust_file
from auditor.host import Host, Mount, Unreadable
from auditor.model.crl_check import CrlState
from auditor.model.trust import crl_states

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NAME = "/etc/ssl/ca.pem"
OPENSSL = shutil.which("openssl")


@pytest.fixture
def trust(tree):
    def read(data: bytes) -> TrustFile:
        found = read_trust_file(tree({NAME: data}), NAME)
        assert isinstance(found, TrustFile)
        return found

    return read


def states(found: TrustFile) -> list[tuple[str, CrlState]]:
    return [(one.ca.subject, one.state) for one in crl_states(found, NOW)]


ROOT, ISSUING = "Example Mail CA", "Example Issuing CA"
BUNDLES = [
    (("ca.crt", "ca.crl"), [CrlState.VALID]),
    (("ca.crl", "ca.crt"), [CrlState.VALID]),
    (("ca.crt",), [CrlState.MISSING]),
    (("ca.crt", "other-ca.crl"), [CrlState.MISSING]),
    (("ca.crt", "rekeyed-ca.crl"), [CrlState.WRONG_ISSUER]),
    (("ca.crt", "ca-expired.crl"), [CrlState.EXPIRED]),
    (("ca.crt", "ca-expiring.crl"), [CrlState.VALID]),
    (("ca.crt", "ca-future.crl"), [CrlState.NOT_YET_VALID]),
    (("ca.crt", "ca-bad-signature.crl"), [CrlState.BAD_SIGNATURE]),
    (("ca.crt", "ca-expired.crl", "ca.crl"), [CrlState.VALID]),
    (("ca.crt", "ca-future.crl", "ca.crl"), [CrlState.VALID]),
    (("ca.crt", "ca.crl.der"), [CrlState.MISSING]),
    (("ca.crt", "server.key", "ca.crl"), [CrlState.VALID]),
    (("rekeyed-ca.crt", "ca.crt", "ca.crl"), [CrlState.WRONG_ISSUER, CrlState.VALID]),
]
SAID_BY_OPENSSL = {
    CrlState.MISSING: "unable to get certificate CRL",
    CrlState.WRONG_ISSUER: "unable to get certificate CRL",
    CrlState.EXPIRED: "CRL has expired",
    CrlState.NOT_YET_VALID: "CRL is not yet valid",
    CrlState.BAD_SIGNATURE: "CRL signature failure",
}


def verify(tmp_path: Path, bundle: bytes, leaf: bytes) -> str:
    (tmp_path / "bundle.pem").write_bytes(bundle)
    (tmp_path / "leaf.pem").write_bytes(leaf)
    command = [
        str(OPENSSL),
        "verify",
        "-crl_check",
        "-crl_check_all",
        "-no-CApath",
        "-attime",
        str(int(NOW.timestamp())),
    ]
    done = subprocess.run(
        [*command, "-CAfile", tmp_path / "bundle.pem", tmp_path / "leaf.pem"],
        capture_output=True,
        text=True,
        check=False,
    )
    return "OK" if done.returncode == 0 else done.stderr


@pytest.mark.parametrize(("names", "expected"), BUNDLES, ids=["+".join(names) for names, _ in BUNDLES])
def test_crl_states(trust, pki, tmp_path, names, expected):
    found = trust(pki(*names))
    assert [state for _, state in states(found)] == expected
    if OPENSSL:
        said = verify(tmp_path, pki(*names), pki("alice.crt"))
        assert SAID_BY_OPENSSL.get(expected[-1], "OK") in said


def test_every_ca_of_a_chain_has_its_state(trust, pki, tmp_path):
    found = trust(pki("issuing.crt", "issuing.crl", "ca.crt"))
    assert states(found) == [(ISSUING, CrlState.VALID), (ROOT, CrlState.MISSING)]
    assert [one.subject for one in found.roots] == [ROOT]
    assert found.issuer_of(found.cas[0]) is found.cas[1]
    if OPENSSL:
        assert "unable to get certificate CRL" in verify(
            tmp_path, pki("issuing.crt", "issuing.crl", "ca.crt"), pki("carol.crt")
        )


@pytest.mark.parametrize(
    ("names", "tied", "count"),
    [
        (("ca.crl", "ca-empty.crl"), True, 1),
        (("ca-empty.crl", "ca.crl"), True, 0),
        (("ca.crl", "ca-newer-empty.crl"), False, 0),
        (("ca-newer-empty.crl", "ca.crl"), False, 0),
        (("ca-expired.crl", "ca.crl"), False, 1),
    ],
)
def test_which_of_two_crls_is_taken(trust, pki, tmp_path, names, tied, count):
    (state,) = crl_states(trust(pki("ca.crt", *names)), NOW)
    assert (state.chosen.count, state.tied, len(state.others)) == (count, tied, 1)
    assert state.forgotten == (frozenset() if count else {0x2003})
    if OPENSSL:
        said = verify(tmp_path, pki("ca.crt", *names), pki("revoked.crt"))
        assert ("certificate revoked" in said) is bool(count)


def test_the_same_crl_twice_is_one(trust, pki):
    (state,) = crl_states(trust(pki("ca.crt", "ca.crl", "ca.crl")), NOW)
    assert state.others == ()
    assert not state.tied


def test_foreign_crls(trust, pki):
    found = trust(pki("ca.crt", "ca.crl", "other-ca.crl", "rekeyed-ca.crl"))
    assert [crl.issuer for crl in found.foreign_crls] == ["Other CA", ROOT]


@pytest.mark.parametrize(
    ("names", "faults"),
    [
        (("ca.crt", "ca.crl"), 0),
        (("issuing.crt", "issuing.crl", "ca.crt", "ca.crl"), 0),
        (("ca.crt", "ca-empty.crl", "ca.crl", "other-ca.crt", "other-ca.crl"), 0),
        (("ca.crl", "ca.crt"), 1),
        (("ca.crt", "ca.crl", "issuing.crt", "issuing.crl"), 1),
        (("issuing.crt", "ca.crt", "issuing.crl", "ca.crl"), 1),
        (("ca.crt", "other-ca.crl", "ca.crl"), 0),
        (("other-ca.crl", "ca.crt"), 0),
    ],
)
def test_the_documented_order(trust, pki, names, faults):
    assert len(trust(pki(*names)).out_of_order) == faults


def test_what_cannot_be_read(trust, pki):
    found = trust(pki("ca.crt", "ca-corrupt.crl") + b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")
    assert [(one.certain, one.why) for one in found.unparsable] == [
        (True, "this is not base64"),
        (True, "its contents are damaged"),
    ]
    assert len(found.cas) == 1
    broken_key = trust(pki("ca.crt") + b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    assert [one.block.label for one in broken_key.unparsable] == ["PRIVATE KEY"]
    assert len(broken_key.keys) == 1


def test_der_is_noticed(trust, pki):
    found = trust(pki("ca.crt", "ca.crl.der"))
    assert [one.label for one in found.stray] == ["X509 CRL"]
    assert found.stray[0].is_crl


def test_a_leaf_is_no_ca(trust, pki):
    found = trust(pki("server.crt", "ca.crl"))
    assert found.cas == ()
    assert crl_states(found, NOW) == ()
    (leaf,) = found.certificates
    assert (leaf.subject, leaf.issuer, leaf.may_issue) == ("mail.example.org", ROOT, False)
    assert leaf.not_before < NOW < leaf.not_after
    loaded = x509.load_pem_x509_certificate(pki("server.crt"))
    assert leaf.fingerprint == loaded.fingerprint(hashes.SHA256()).hex()
    assert leaf.public_key_info == loaded.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


KEY = ec.generate_private_key(ec.SECP256R1())


def ca(*extensions: x509.ExtensionType, name: str = "Test", issuer: str = "") -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    by = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer or name)])
    builder = x509.CertificateBuilder(by, subject, KEY.public_key(), 1, NOW - timedelta(1), NOW + timedelta(1))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def crl(*extensions: tuple[x509.ExtensionType, bool], serials: tuple[int, ...] = ()) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, " TEST ")])
    builder = x509.CertificateRevocationListBuilder(name, NOW - timedelta(1), NOW + timedelta(1))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    for serial in serials:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder(serial, NOW.replace(tzinfo=None)).build()
        )
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


CA = x509.BasicConstraints(ca=True, path_length=None)


def usage(*, sign: bool, crls: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=sign, crl_sign=crls, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def point(**facts: object) -> x509.IssuingDistributionPoint:
    plain: dict[str, object] = {
        "full_name": None, "relative_name": None, "only_contains_user_certs": False, "only_contains_ca_certs": False,
        "only_some_reasons": None, "indirect_crl": False, "only_contains_attribute_certs": False,
    }  # fmt: skip
    return x509.IssuingDistributionPoint(**plain | facts)


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")


@pytest.mark.parametrize(
    ("issuer", "extensions", "expected"),
    [
        ([CA], [], CrlState.VALID),
        ([CA, usage(sign=True, crls=True)], [], CrlState.VALID),
        ([CA, usage(sign=True, crls=False)], [], CrlState.UNUSABLE),
        ([usage(sign=True, crls=True)], [], CrlState.VALID),
        ([CA], [(UNKNOWN, True)], CrlState.UNUSABLE),
        ([CA], [(UNKNOWN, False)], CrlState.VALID),
        ([CA], [(point(indirect_crl=True), True)], CrlState.MISSING),
        ([CA], [(point(only_contains_user_certs=True), True)], CrlState.UNKNOWN),
        ([CA], [(x509.DeltaCRLIndicator(1), True)], CrlState.UNKNOWN),
        ([CA], [(x509.CRLNumber(7), False)], CrlState.VALID),
    ],
)
def test_extensions(trust, tmp_path, issuer, extensions, expected):
    bundle = ca(*issuer) + crl(*extensions)
    (state,) = crl_states(trust(bundle), NOW)
    assert state.state is expected
    if OPENSSL and expected in (CrlState.VALID, CrlState.UNUSABLE, CrlState.MISSING):
        assert (verify(tmp_path, bundle, ca(name="Leaf", issuer="Test")) == "OK") is (expected is CrlState.VALID)


@pytest.mark.parametrize(
    ("extensions", "may_issue"),
    [
        ([], False),
        ([CA], True),
        ([x509.BasicConstraints(ca=False, path_length=None)], False),
        ([CA, usage(sign=False, crls=True)], False),
        ([usage(sign=True, crls=False)], True),
    ],
)
def test_what_counts_as_a_ca(trust, extensions, may_issue):
    (one,) = trust(ca(*extensions)).certificates
    assert one.may_issue is may_issue


def test_names_are_safe_to_show(trust):
    (one,) = trust(ca(CA, name="a\x1b[31m\nb")).certificates
    assert one.subject == "a\\x1b[31m\\x0ab"


def test_serials(trust):
    found = trust(ca(CA) + crl(serials=(3, 5)))
    assert found.crls[0].serials == {3, 5}
    assert found.crls[0].count == 2


def test_data_behind_a_certificate_are_ignored(pki):
    der = x509.load_pem_x509_certificate(pki("ca.crt")).public_bytes(serialization.Encoding.DER)
    assert isinstance(read_certificate(Block("CERTIFICATE", 1, 2, der + b"junk")), Certificate)


def test_a_hashed_directory(tree, pki):
    host = tree(
        {
            "/etc/ssl/certs/ca.pem": pki("ca.crt"),
            "/etc/ssl/certs/0123abcd.0": pki("ca.crt"),
            "/etc/ssl/certs/0123abcd.r0": pki("ca.crl"),
            "/etc/ssl/certs/89abcdef.0": pki("other-ca.crt", "ca.crt"),
            "/etc/ssl/certs/README": b"",
        }
    )
    found = read_trust_directory(host, "/etc/ssl/certs/")
    assert isinstance(found, TrustDirectory)
    assert [one.subject for one in found.certificates] == [ROOT, "Other CA"]
    assert [one.issuer for one in found.crls] == [ROOT]
    assert isinstance(read_trust_directory(host, "/etc/nothing"), Unreadable)


def test_a_large_file_of_copies_takes_no_long_time(trust, pki):
    found = trust(ca(CA) * 400 + crl() * 400 + pki("ca.crt", "ca.crl"))
    assert len(crl_states(found, NOW)) == 401
    assert len(found.out_of_order) == 0
    assert found.foreign_crls == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(st.data())
def test_never_raises(tmp_path, pki, data):
    name = data.draw(st.sampled_from(["ca.crt.der", "ca.crl.der"]))
    der = bytearray(pki(name))
    for _ in range(data.draw(st.integers(1, 4))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    import base64

    label = b"CERTIFICATE" if name == "ca.crt.der" else b"X509 CRL"
    block = b"-----BEGIN " + label + b"-----\n" + base64.encodebytes(bytes(der)) + b"-----END " + label + b"-----\n"
    (tmp_path / "ca.pem").write_bytes(pki("ca.crt") + block)
    found = read_trust_file(Host((Mount("/", str(tmp_path)),)), "/ca.pem")
    assert isinstance(found, TrustFile)
    assert all(isinstance(one, Refused) for one in found.refused)
    assert all(isinstance(one, Crl) for one in found.crls)
    crl_states(found, NOW)
    assert found.out_of_order is not None
    assert found.foreign_crls is not None
