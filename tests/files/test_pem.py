from __future__ import annotations

import base64
import random
import time

import pytest
from files import openssl
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.files import pem
from auditor.files.pem import PemFile, parse_pem, read_pem
from auditor.host import Reason, Unreadable

needs_libcrypto = pytest.mark.skipif(openssl.LIBCRYPTO is None, reason="no libcrypto of OpenSSL 3 on this machine")


def block(label: str, contents: bytes, width: int = 64) -> str:
    text = base64.b64encode(contents).decode()
    lines = [text[at : at + width] for at in range(0, len(text), width)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


CRL = block("X509 CRL", bytes(60))
OTHER = block("OTHER", bytes(range(100)))


def parsed(data: bytes) -> list[tuple[str, bytes, bytes] | str]:
    """What OpenSSL would give, in the form of openssl.blocks."""
    found: list[tuple[str, bytes, bytes] | str] = []
    for one in parse_pem(data).blocks:
        if one.error and not one.der:
            return [*found, "error"]
        found.append((one.label, one.headers, one.der))
    return [*found, "end"]


ODD = {
    "nothing": "",
    "text only": "a text\nand more",
    "text around": f"Bag Attributes\n  x: y\n{OTHER}trailing\n",
    "CRLF": OTHER.replace("\n", "\r\n"),
    "CR": OTHER.replace("\n", "\r"),
    "no line end at the end": OTHER[:-1],
    "indented BEGIN": f" {OTHER}",
    "indented END": OTHER.replace("-----END", " -----END"),
    "blanks behind": OTHER.replace("\n", "  \t\n"),
    "four dashes": OTHER.replace("-----BEGIN", "----BEGIN"),
    "lower case": OTHER.replace("BEGIN", "begin"),
    "BEGIN without tail": OTHER.replace("OTHER-----\n", "OTHER----\n", 1),
    "other END": OTHER.replace("END OTHER", "END OTTER"),
    "END with text behind": OTHER.replace("END OTHER-----", "END OTHER----- x"),
    "no END": OTHER.replace("-----END OTHER-----\n", ""),
    "no END, another block": OTHER.replace("-----END OTHER-----\n", "") + OTHER,
    "no END, a block of another label": OTHER.replace("-----END OTHER-----\n", "") + CRL,
    "no END, whole quads, another block": "-----BEGIN A-----\nAAAA\n-----BEGIN A-----\nBBBB\n-----END A-----\n",
    "empty block": "-----BEGIN A-----\n-----END A-----\n",
    "blank block": "-----BEGIN A-----\n\n-----END A-----\n",
    "empty line first": OTHER.replace("OTHER-----\n", "OTHER-----\n\n", 1),
    "empty line inside": OTHER.replace("\n", "\n\n", 2),
    "no base64": "-----BEGIN A-----\n!!!!\n-----END A-----\n",
    "blanks inside": "-----BEGIN A-----\nA A\tAA\n-----END A-----\n",
    "cut quad": "-----BEGIN A-----\nAAAAA\n-----END A-----\n",
    "data behind padding": "-----BEGIN A-----\nAA==\nAAAA\n-----END A-----\n",
    "three paddings": "-----BEGIN A-----\nA===\n-----END A-----\n",
    "a dash ends": "-----BEGIN A-----\nAAAA-!!\n-----END A-----\n",
    "one long line": block("A", bytes(3000), 4000),
    "lines of 254": block("A", bytes(3000), 254),
    "encryption headers": "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: X,00\n\nAAAA\n-----END A-----\n",
    "a colon": "-----BEGIN A-----\nAAAA\nx: y\n-----END A-----\n",
    "short line behind headers": "-----BEGIN A-----\nA: b\n\nAAAA\nAAAA\n-----END A-----\n",
    "BEGIN at the 255th column": "x" * 254 + OTHER,
    "BEGIN at the 254th column": "x" * 253 + OTHER,
    "NUL before": "\0" + OTHER,
    "NUL inside": OTHER.replace("B", "\0", 1),
    "NUL in the label": OTHER.replace("OTHER", "OT\0HER"),
}


@needs_libcrypto
@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_reads_as_openssl_does(text):
    data = text.encode()
    assert parsed(data) == openssl.blocks(data)


@needs_libcrypto
def test_reads_damaged_texts_as_openssl_does():
    chance = random.Random(20261122)
    for _ in range(4000):
        data = damaged(chance)
        assert parsed(data) == openssl.blocks(data), data


def damaged(chance: random.Random) -> bytes:
    parts: list[str] = []
    for _ in range(chance.randint(1, 3)):
        length = chance.choice([1, 253, 254, 255, 508])
        parts.append(chance.choice(["", "text\n", "\n", "x" * length, "x" * length + "\n", "Proc-Type: 4,E\nD: A\n\n"]))
        contents = chance.randbytes(chance.choice([1, 2, 3, 30, 47, 48, 49, 200]))
        parts.append(block(chance.choice(["A", "CERTIFICATE", "X509 CRL"]), contents, chance.choice([64, 76, 10, 300])))
    data = bytearray("".join(parts).encode())
    for _ in range(chance.choice([0, 1, 1, 2, 4])):
        at = chance.randrange(len(data)) if data else 0
        end = min(len(data), at + chance.choice([0, 1, 80]))
        put = chance.choice([b"", b"\n", b"\r", b" ", b"-", b"=", b"\0", b"\xff", b":", b"-----BEGIN A-----\n"])
        data[at:end] = put
    return bytes(data)


@needs_libcrypto
def test_what_openssl_thinks_of_whole_trust_files(pki):
    iv = b"00112233445566778899AABBCCDDEEFF"
    encrypted = b"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC," + iv + b"\n\nAAAA\n"
    key_of_old = b"-----BEGIN RSA PRIVATE KEY-----\n" + encrypted
    for data in (
        pki("ca.crt", "ca.crl"),
        pki("ca.crl", "ca.crt", "server.key"),
        pki("ca.crt", "ca-corrupt.crl"),
        pki("ca-corrupt.crt", "ca.crl"),
        pki("ca.crt", "ca-bad-signature.crl"),
        pki("ca.crt") + b"text\n" + pki("ca.crl.der", "ca.crl"),
        pki("ca.crt.der"),
        pki("server-encrypted.key", "ca.crt"),
        pki("ca.crt").replace(b"MII", b"MIII", 1),
        pki("ca.crt") + b"-----BEGIN OTHER-----\nAAAA\n-----END OTHER-----\n",
        pki("ca.crt").replace(b"CERTIFICATE", b"X509 CERTIFICATE"),
        pki("ca.crt").replace(b"-----\n", b"-----\ncomment: x\n\n", 1),
        key_of_old + b"-----END RSA PRIVATE KEY-----\n",
        b"",
    ):
        assert (not parse_pem(data).errors) is openssl.reads_trust_file(data)


def test_blocks_have_lines(pki):
    data = b"comment\n" + pki("ca.crt") + b"\n" + pki("ca.crl")
    certificate, crl = parse_pem(data).blocks
    lines = data.decode().split("\n")
    assert lines[certificate.line - 1] == "-----BEGIN CERTIFICATE-----"
    assert lines[certificate.end_line - 1] == "-----END CERTIFICATE-----"
    assert lines[crl.line - 1] == "-----BEGIN X509 CRL-----"
    assert certificate.is_certificate
    assert crl.is_crl


def test_goes_on_behind_a_broken_block(pki):
    found = parse_pem(pki("ca-corrupt.crl", "ca.crt"))
    assert [bool(one.error) for one in found.blocks] == [True, False]
    assert found.errors == found.crls


def test_a_missing_end_line_swallows_the_next_block(pki):
    text = pki("ca.crt").replace(b"-----END CERTIFICATE-----\n", b"") + pki("other-ca.crt")
    (first,) = parse_pem(text).blocks
    assert first.swallowed == (text[: text.rindex(b"-----BEGIN")].count(b"\n") + 1,)


def test_der_between_blocks_is_noticed(pki):
    data = pki("ca.crt") + b"text\n" + pki("ca.crl.der") + b"\n" + pki("ca.crl") + pki("ca.crt.der")
    found = parse_pem(data)
    assert [(one.label, one.der) for one in found.stray] == [
        ("X509 CRL", pki("ca.crl.der")),
        ("CERTIFICATE", pki("ca.crt.der")),
    ]
    assert found.stray[0].line == pki("ca.crt").count(b"\n") + 2
    assert found.nul_line == data[: data.index(b"\0")].count(b"\n") + 1
    assert [one.after_nul for one in found.blocks] == [False, True]


@pytest.mark.parametrize("name", ["ca.crt.der", "ca.crl.der"])
def test_a_file_in_der_form(pki, name):
    found = parse_pem(pki(name))
    assert found.blocks == ()
    assert [one.der for one in found.stray] == [pki(name)]


def test_key_material_is_secret(tree, pki):
    data = pki("server.crt", "server.key", "ca.crt")
    found = read_pem(tree({"/etc/ssl/server.pem": data}), "/etc/ssl/server.pem")
    assert isinstance(found, PemFile)
    (key,) = found.pem.keys
    assert found.source.shown_line(key.line) == "-----BEGIN PRIVATE KEY-----"
    for number in range(key.line + 1, key.end_line + 1):
        assert found.source.shown_line(number) == "# hidden"
    assert found.source.shown_line(found.pem.certificates[1].line + 1).startswith("MII")
    assert found.span(key).text.splitlines()[-1] == "-----END PRIVATE KEY-----"
    secret = pki("server.key").decode().splitlines()[1]
    assert secret not in repr(found)


@pytest.mark.parametrize(
    "data",
    [b"MC4CAQAwBQYDK2VwBCIEIA==", b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n", b"\x30\x2e\x02\x01"],
)
def test_key_material_of_broken_files_is_secret(tree, data):
    found = read_pem(tree({"/k": data}), "/k")
    assert isinstance(found, PemFile)
    assert "MC4C" not in "".join(found.source.shown_line(number) for number in range(1, 4))


def test_a_file_that_cannot_be_read(tree):
    found = read_pem(tree({"/etc/ssl/x": b""}), "/etc/ssl")
    assert isinstance(found, Unreadable)
    assert found.reason is Reason.NOT_REGULAR


def test_too_many_blocks(monkeypatch):
    monkeypatch.setattr(pem, "MAX_BLOCKS", 2)
    assert not parse_pem(2 * OTHER.encode()).cut
    assert parse_pem(3 * OTHER.encode()).cut


@pytest.mark.parametrize(
    "data",
    [
        b"\n" * 4_000_000,
        b"x" * 4_000_000,
        b"-----BEGIN A-----\n" * 200_000,
        b"-----BEGIN " * 300_000,
        b"-----BEGIN A-----\n\n\n" * 200_000,
        b"\x30\x82\x00\x04" * 1_000_000,
        b"-----BEGIN A-----\nA:" * 200_000,
    ],
    ids=["lines", "one line", "BEGIN", "BEGIN in one line", "broken", "DER", "colons"],
)
def test_time_is_linear(data):
    start = time.process_time()
    parse_pem(data)
    assert time.process_time() - start < 5


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | st.text("-BEGIN D\n\0A=:0\x30\x82", max_size=120).map(str.encode))
def test_never_raises(data):
    found = parse_pem(data)
    assert all(one.line <= one.end_line for one in (*found.blocks, *found.stray))
