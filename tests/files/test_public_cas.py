from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.files.certificates import Certificate, read_certificates
from auditor.files.pem import parse_pem
from auditor.files.public_cas import is_system_store, names_a_public_ca

BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
DATA = Path(__file__).parents[2] / "auditor" / "data" / "public-roots.json"


def certificates(data: bytes) -> list[Certificate]:
    return read_certificates(parse_pem(data).certificates)[0]


def test_a_ca_of_ones_own_is_not_public(pki):
    found = certificates(pki("ca.crt", "issuing.crt", "server.crt"))
    assert [names_a_public_ca(one) for one in found] == ["", "", ""]


@pytest.mark.skipif(not BUNDLE.exists(), reason="this machine has no bundle of ca-certificates")
def test_the_roots_of_this_machine_are_public():
    found = certificates(BUNDLE.read_bytes())
    known = [one for one in found if names_a_public_ca(one)]
    assert len(known) > len(found) * 0.7


def test_what_a_public_root_issued_is_public(pki):
    name, _, key_id = next(row for row in json.loads(DATA.read_text())["roots"] if row[2])
    (issuing,) = certificates(pki("issuing.crt"))
    # The key identifier of the issuer is what counts.
    key = type(issuing.authority)(bytes.fromhex(key_id))
    intermediate = Certificate(
        **{slot: getattr(issuing, slot) for slot in issuing.__slots__ if slot != "authority"}, authority=key
    )
    assert names_a_public_ca(intermediate) == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("/etc/ssl/certs/ca-certificates.crt", True),
        ("/etc/ssl//certs/", True),
        ("/etc/pki/tls/cert.pem", True),
        ("/etc/pki/tls/certs/ca-bundle.crt", True),
        ("/etc/ssl/certs/my-ca.pem", False),
        ("/etc/postfix/ca.pem", False),
    ],
)
def test_system_stores(name, expected):
    """Those of Debian and of Red Hat (claim: wiki 79-80, claim: wiki 81-82)."""
    assert is_system_store(name) is expected
