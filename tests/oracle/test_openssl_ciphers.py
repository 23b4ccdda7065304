"""Cipher lists are expanded as each suite's OpenSSL expands them."""

from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING, Final

import daemons
import pytest

from auditor.model.openssl_ciphers import Cipher, expand

if TYPE_CHECKING:
    from typing import Any

LISTS: Final = (
    "ALL",
    "DEFAULT",
    "DEFAULT:-AES",
    "HIGH:DEFAULT",
    "HIGH:!aNULL:!MD5",
    "ALL:!kRSA:!SRP:!kDHd:!DSS:!aNULL:!eNULL:!EXPORT:!DES:!3DES:!MD5:!PSK:!RC4:!ADH:!LOW@STRENGTH",
    "ALL:!kRSA:!SRP:!kDHd:!DSS:!aNULL:!eNULL:!EXPORT:!DES:!3DES:!MD5:!PSK:!RC4:!ADH:!LOW:@STRENGTH",
    "aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH",
    "aNULL:-aNULL:HIGH:MEDIUM:!SEED:!IDEA:!3DES:!RC2:!RC4:!RC5:!kDH:!kECDH:!aDSS:!MD5:+RC4:@STRENGTH",
    "eNULL:!aNULL",
    "ECDHE+AESGCM:ECDHE+AES256:!SHA1",
    "AES128-SHA;AES256-SHA,NULL-SHA AECDH-NULL-SHA",
    "kRSA:@STRENGTH+x:!AES",
    "ALL:eNULL:@SECLEVEL=0:-kDHE:kDHE",
    "TLSv1.2:TLSv1.3",
    "AES256-SHA+kRSA",
    "AES256-SHA+kDHE",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "ECDHE+AESGCM:ECDHE_RSA",
    "SUITEB128",
    "SUITEB192:ALL",
    "ALL:?",
    "ALL:!",
    "ALL:+",
    "ALL+",
    "ALL:@SECLEVEL=9",
    "ALL:@SECLEVEL=22",
    "ALL:@",
    "@STRENGTH",
    "!ALL",
    "PROFILE=SYSTEM",
    "tlsv1",
    "ALL::!AES::",
    "DEFAULTx",
    "DEFAULT-AES",
    "DEFAULT@STRENGTH",
    "ALL!AES",
    "ALL-AES",
    "ALL:LOW!AES",
    "ALL:RC4!AES",
    "ALL:AES?",
    "ALL:nope?",
)
WORDS: Final = (
    *("ALL", "COMPLEMENTOFALL", "HIGH", "MEDIUM", "kRSA", "ECDHE", "DHE", "aNULL", "eNULL", "AES", "AES128", "AESGCM"),
    *("CHACHA20", "CAMELLIA", "ARIA", "SHA1", "SHA256", "SHA384", "MD5", "PSK", "SRP", "aRSA", "aECDSA", "3DES", "RC4"),
    *("TLSv1.2", "SSLv3", "AES256-SHA", "ECDHE-RSA-AES128-GCM-SHA256", "AECDH-NULL-SHA", "DHE-RSA-AES256-CCM8", "nope"),
)


@pytest.fixture(params=daemons.SUITES)
def suite(request: pytest.FixtureRequest, oracle: Any) -> str:
    return str(request.param)


def openssl(suite: str, *arguments: str) -> str:
    command = ["/usr/sbin/chroot", str(daemons.FOLDER / suite), "openssl", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()


def release(suite: str) -> tuple[int, ...]:
    return tuple(int(number) for number in openssl(suite, "version").split()[1].split("."))


def answers(suite: str, lists: list[str], *options: str) -> list[list[str]]:
    """What openssl says of each list; empty where it refuses one. One process, as starting 200 takes a minute."""
    script = 'while IFS= read -r list; do openssl ciphers "$@" "$list" 2>/dev/null || true; echo ./; done'
    command = ["/usr/sbin/chroot", str(daemons.FOLDER / suite), "sh", "-c", script, "sh", *options]
    text = "\n".join(lists) + "\n"
    said = subprocess.run(command, check=True, capture_output=True, text=True, input=text).stdout
    found = [part.strip().split(":") for part in said.split("./\n")[:-1]]
    return [[name for name in names if name and not name.startswith("TLS_")] for names in found]


def generated(number: int) -> list[str]:
    chance = random.Random(20261122)

    def item() -> str:
        words = "+".join(chance.choices(WORDS, k=chance.choice((1, 1, 1, 2, 3))))
        return chance.choice(("", "", "", "+", "-", "!")) + words if chance.random() < 0.93 else "@STRENGTH"

    return [":" + chance.choice(":, ;").join(item() for _ in range(chance.randint(1, 9))) for _ in range(number)]


def test_the_same_ciphers_in_the_same_order(suite: str) -> None:
    lists = [*LISTS, *generated(150)]
    said = dict(zip(lists, answers(suite, lists), strict=True))
    mine = {text: expand(text, release(suite)) for text in lists}
    assert {text: [one.name for one in known.ciphers] if known else [] for text, known in mine.items()} == said


@pytest.mark.parametrize("level", range(6))
def test_the_same_ciphers_at_every_security_level(suite: str, level: int) -> None:
    text = f"ALL:COMPLEMENTOFALL:@SECLEVEL={level}"
    (said,) = answers(suite, [text], "-s")
    known = expand(text, release(suite))
    assert known is not None
    assert [cipher.name for cipher in known.usable(1)] == said


def test_the_facts_of_a_cipher() -> None:
    known = expand("ECDHE-RSA-AES128-SHA256")
    assert known is not None
    assert known.ciphers == (
        Cipher(
            "ECDHE-RSA-AES128-SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
            *("TLSv1.2", "ECDH", "RSA", "AES", 128, 128, "SHA256"),
        ),
    )


def test_words_that_add_nothing_are_told() -> None:
    known = expand("AES128-SHA:RC4-SHA:EXPORT+kRSA:3DES:!DES:-nope:+RC2:kRSA+kDHE")
    assert known is not None
    assert known.idle == ("RC4-SHA", "EXPORT+kRSA", "3DES", "kRSA+kDHE")
