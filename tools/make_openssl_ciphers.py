"""Write auditor/data/openssl-ciphers.json: the ciphers of OpenSSL up to TLS 1.2, and what the words of its lists mean.

Asks ``openssl ciphers`` in each Debian chroot that tests/oracle uses (ORACLES, or the cache folder that it makes them
in). Needs root for chroot.

The ciphers stand in OpenSSL's own order, in which a word adds what it means (``ssl_create_cipher_list``,
ssl/ssl_ciph.c). No single word means all of them, so the order is put together from those that the words show. The
words are those of ``cipher_aliases`` there; one that a build does not know is left out.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path

TARGET = Path(__file__).parent.parent / "auditor/data/openssl-ciphers.json"
CHROOTS = Path(os.environ.get("ORACLES", "/var/cache/mailaudit-oracles"))
WORDS = (
    *("ALL", "COMPLEMENTOFALL", "COMPLEMENTOFDEFAULT"),
    *("kRSA", "kEDH", "kDHE", "DH", "kEECDH", "kECDHE", "ECDH", "kPSK", "kRSAPSK", "kECDHEPSK", "kDHEPSK", "kSRP"),
    *("kGOST", "kGOST18", "aRSA", "aDSS", "DSS", "aNULL", "aECDSA", "ECDSA", "aPSK", "aGOST01", "aGOST12", "aGOST"),
    *("aSRP", "EDH", "DHE", "EECDH", "ECDHE", "NULL", "RSA", "ADH", "AECDH", "PSK", "SRP", "3DES", "RC4", "RC2"),
    *("IDEA", "SEED", "eNULL", "GOST", "AES128", "AES256", "AES", "AESGCM", "AESCCM", "AESCCM8", "CAMELLIA128"),
    *("CAMELLIA256", "CAMELLIA", "CHACHA20", "ARIA", "ARIAGCM", "ARIA128", "ARIA256", "CBC", "MD5", "SHA1", "SHA"),
    *("GOST94", "GOST89MAC", "SHA256", "SHA384", "GOST12", "SSLv3", "TLSv1", "TLSv1.0", "TLSv1.2", "LOW", "MEDIUM"),
    *("HIGH", "FIPS", "EDH-RSA-DES-CBC3-SHA", "EDH-DSS-DES-CBC3-SHA"),
    # Words of OpenSSL 1.0.2 that went with what they meant, and a protocol that is no word.
    *("kDHr", "kDHd", "kDH", "aDH", "kECDHr", "kECDHe", "kECDH", "aECDH", "EXPORT", "EXP", "EXPORT40", "EXPORT56"),
    *("DES", "KRB5", "FZA", "TLSv1.3"),
)
LINE = re.compile(
    r"\s*0x\w\w,0x\w\w - (?P<standard>\S+)\s+- (?P<name>\S+)\s+(?P<protocol>\S+)\s+Kx=(?P<exchange>\S+)\s+"
    r"Au=(?P<authentication>\S+)\s+Enc=(?P<encryption>\w[\w/-]*)(?:\((?P<bits>\d+)\))?\s+Mac=(?P<mac>\S+)"
)
WEAKER_THAN_THEIR_KEY = "AESCCM8"
"""An encryption whose strength later releases count as 64 bits, whatever its key."""


def openssl(chroot: Path, *arguments: str) -> str:
    """Return what the openssl of a chroot prints; empty where it refuses a cipher list."""
    command = ["/usr/sbin/chroot", str(chroot), "openssl", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout


def ciphers(chroot: Path, expression: str) -> list[str]:
    """Return the names of the ciphers that a list means, those of TLS 1.3 left out."""
    names = openssl(chroot, "ciphers", expression).strip().split(":")
    return [name for name in names if name and not name.startswith("TLS_")]


def table(chroot: Path) -> dict[str, list[str]]:
    """Return the facts of every cipher by its name."""
    rows: dict[str, list[str]] = {}
    for line in openssl(chroot, "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL").splitlines():
        match = LINE.fullmatch(line.rstrip())
        if not match:
            sys.exit(f"not understood: {line}")
        if match["protocol"] != "TLSv1.3":
            facts = ("name", "standard", "protocol", "exchange", "authentication", "encryption", "bits", "mac")
            rows[match["name"]] = [match[fact] or "0" for fact in facts]
    return rows


def in_order(sequences: list[list[str]]) -> list[str]:
    """Return every name once, in an order that each of the sequences agrees with."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for sequence in sequences:
        for before, after in pairwise(sequence):
            sorter.add(after, before)
    return list(sorter.static_order())


def is_known(chroot: Path, word: str) -> bool:
    """Whether a word that means no cipher is known all the same: only behind such a one is the rest of an item read."""
    return not ciphers(chroot, f"AES128-SHA:{word}@WRONG")


def described(chroot: Path) -> dict[str, object]:
    """Return what is known of the OpenSSL of a chroot."""
    rows = table(chroot)
    meanings = {word: ciphers(chroot, word) for word in WORDS if word not in rows}
    order = in_order([names for names in meanings.values() if names])
    if set(order) != set(rows):
        sys.exit(f"not in any word: {set(rows) ^ set(order)}")
    # Sorted by strength, a cipher that comes behind one of 128 bits that stands after it is weaker.
    eight = [name for name in order if rows[name][5] == WEAKER_THAN_THEIR_KEY]
    weaker = [name for name in eight if ciphers(chroot, f"{name}:AES128-SHA:@STRENGTH")[0] != name]
    strength = {name: 64 if name in weaker else int(rows[name][6]) for name in order}
    return {
        "ciphers": [[*rows[name][:6], int(rows[name][6]), strength[name], rows[name][7]] for name in order],
        "words": {
            word: [order.index(name) for name in names]
            for word, names in meanings.items()
            if names or is_known(chroot, word)
        },
        "standard_names": bool(ciphers(chroot, rows[order[0]][1])),
    }


def main() -> None:
    """Ask every chroot and write what each says, once where releases agree."""
    chroots = [path for path in CHROOTS.iterdir() if (path / "usr/bin/openssl").exists()]
    chroots.sort(key=lambda chroot: [int(number) for number in openssl(chroot, "version").split()[1].split(".")])
    releases: dict[str, dict[str, object]] = {}
    for chroot in chroots:
        version = openssl(chroot, "version").split()[1]
        known = described(chroot)
        if known not in releases.values():
            releases[version.rpartition(".")[0]] = known
    lines = [json.dumps(release) + ": " + json.dumps(known) for release, known in releases.items()]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
