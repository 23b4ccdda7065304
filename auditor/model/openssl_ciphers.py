"""OpenSSL's cipher lists: which ciphers a text such as ``HIGH:!aNULL:@STRENGTH`` means, up to TLS 1.2.

The ciphers and what words mean are those of auditor/data/openssl-ciphers.json, made by tools/make_openssl_ciphers.py
from releases of OpenSSL; the language is that of ``ssl_cipher_process_rulestr`` (ssl/ssl_ciph.c). The suites of TLS 1.3
are no part of it: there is no weak one among them.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final, NamedTuple

from auditor.packaged import table

MAX_LENGTH: Final = 10_000
"""Characters of a list that is expanded; each of its words goes over all ciphers."""
KEPT: Final = 64
"""Lists whose meaning is kept: most hosts have one of a few."""
DEFAULT: Final = "ALL:!COMPLEMENTOFDEFAULT:!eNULL"
"""What ``DEFAULT`` at the start of a list stands for (OSSL_default_cipher_list)."""
SUITE_B: Final = {
    "SUITEB128ONLY": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "SUITEB128C2": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "SUITEB128": "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384",
    "SUITEB192": "ECDHE-ECDSA-AES256-GCM-SHA384",
}
"""Beginnings that stand for the whole list (check_suiteb_cipher_list)."""
_MINIMUM_BITS: Final = (0, 80, 112, 128, 192, 256)
"""The strength that each security level asks for (SSL_CTX_set_security_level(3))."""
_SEPARATORS: Final = ": ;,"


class ListTooLongError(ValueError):
    """A list is too long to be expanded here; OpenSSL has no limit."""


class Cipher(NamedTuple):
    """One cipher up to TLS 1.2, in the words of ``openssl ciphers -V``."""

    name: str
    standard_name: str
    """IANA's name."""
    protocol: str
    exchange: str
    authentication: str
    encryption: str
    bits: int
    """Of the key."""
    strength: int
    """Bits of security as OpenSSL counts them."""
    mac: str

    @property
    def is_forward_secret(self) -> bool:
        """Whether the key of a session cannot be had from the server's private key."""
        return self.exchange in ("ECDH", "DH", "ECDHEPSK", "DHEPSK")

    def is_usable(self, level: int) -> bool:
        """Whether OpenSSL negotiates it at a security level (ssl_security_default_callback, ssl/ssl_cert.c).

        No daemon here has the keys that PSK and SRP need.
        """
        if "PSK" in self.exchange or self.authentication == "PSK" or self.exchange == "SRP":
            return False
        if level == 0:
            return True
        return (
            self.strength >= _MINIMUM_BITS[level]
            and self.authentication != "None"
            and self.mac != "MD5"
            and (level < 3 or self.is_forward_secret)
            and (level < 4 or self.mac != "SHA1")
        )


class CipherList(NamedTuple):
    """What a list means: the ciphers in the order of preference, and the security level that it sets."""

    ciphers: tuple[Cipher, ...]
    security_level: int | None
    idle: tuple[str, ...]
    """Words that would add ciphers, were there any: this OpenSSL does not know them or has none."""

    def usable(self, level: int) -> tuple[Cipher, ...]:
        """Return the ciphers that can be negotiated, ``level`` being that of the library where the list sets none."""
        at = level if self.security_level is None else self.security_level
        return tuple(cipher for cipher in self.ciphers if cipher.is_usable(at))


class _Release(NamedTuple):
    ciphers: tuple[Cipher, ...]
    words: dict[str, frozenset[int]]


@cache
def _releases() -> dict[tuple[int, ...], _Release]:
    releases = {}
    for name, known in table("openssl-ciphers").items():
        ciphers = tuple(Cipher(*row) for row in known["ciphers"])
        words = {word: frozenset(positions) for word, positions in known["words"].items()}
        words.update((cipher.name, frozenset({at})) for at, cipher in enumerate(ciphers))
        if known["standard_names"]:
            words.update((cipher.standard_name, frozenset({at})) for at, cipher in enumerate(ciphers))
        releases[tuple(map(int, name.split(".")))] = _Release(ciphers, words)
    return releases


@lru_cache(maxsize=KEPT)
def expand(text: str, release: tuple[int, ...] = ()) -> CipherList | None:
    """Return what a list means to a release such as ``(3, 0)``, by default the newest known; None where it is refused.

    OpenSSL refuses a list with an error in it and one that leaves no cipher. Raises ListTooLongError.
    """
    if len(text) > MAX_LENGTH:
        raise ListTooLongError(f"a cipher list of more than {MAX_LENGTH} characters")
    releases = _releases()
    release = release or max(releases)
    known = releases[max((one for one in releases if one <= release), default=min(releases))]
    for beginning, meaning in SUITE_B.items():
        if text.startswith(beginning):
            text = meaning
            break
    if text.startswith("DEFAULT"):
        text = f"{DEFAULT}:{text.removeprefix('DEFAULT')}"
    reading = _Reading(known, takes_underscore=release >= (3, 2))
    reading.read(text)
    found = tuple(known.ciphers[at] for at in reading.order if at in reading.active)
    return CipherList(found, reading.level, tuple(reading.idle)) if found and not reading.refused else None


class _Reading:
    """The state of reading one list: every cipher not killed, in order, and those that are active."""

    def __init__(self, release: _Release, *, takes_underscore: bool) -> None:
        self._release = release
        self._word = re.compile(r"[A-Za-z0-9.=_-]+" if takes_underscore else r"[A-Za-z0-9.=-]+")
        self.order = list(range(len(release.ciphers)))
        self.active: set[int] = set()
        self.level: int | None = None
        self.idle: list[str] = []
        self.refused = False

    def read(self, text: str) -> None:
        """Apply every item of a list, until it turns out to be wrong."""
        at = 0
        while at < len(text) and not self.refused:
            if text[at] in _SEPARATORS:
                at += 1
                continue
            sign = text[at] if text[at] in "-+!@" else ""
            at += len(sign)
            if sign == "@":
                self._special(self._word_at(text, at))
                at = _end_of_item(text, at)
                continue
            start = at
            chosen, at = self._chosen(text, at)
            if chosen is None:
                at = _end_of_item(text, at)
            else:
                self._apply(sign, chosen)
            if not chosen and not sign:
                self.idle.append(text[start:at])

    def _word_at(self, text: str, at: int) -> str:
        match = self._word.match(text, at)
        self.refused = self.refused or match is None
        return match[0] if match else ""

    def _chosen(self, text: str, at: int) -> tuple[frozenset[int] | None, int]:
        """Return the ciphers that every word of ``word+word`` means, and where the words end; None for unknown ones."""
        chosen: frozenset[int] | None = None
        while word := self._word_at(text, at):
            at += len(word)
            if word not in self._release.words:
                return None, at
            meant = self._release.words[word]
            chosen = meant if chosen is None else chosen & meant
            if not text.startswith("+", at):
                return chosen, at
            at += 1
        return None, at

    def _apply(self, sign: str, chosen: frozenset[int]) -> None:
        """Add, remove, move to the end, or kill (``ssl_cipher_apply_rule``)."""
        if sign == "":
            moved = [at for at in self.order if at in chosen and at not in self.active]
        elif sign == "!":
            moved = [at for at in self.order if at in chosen]
        else:
            moved = [at for at in self.order if at in chosen and at in self.active]
        of_these = frozenset(moved)
        rest = [at for at in self.order if at not in of_these]
        if sign in ("-", "!"):
            self.active -= of_these
        else:
            self.active |= of_these
        self.order = {"-": moved + rest, "!": rest}.get(sign, rest + moved)

    def _special(self, command: str) -> None:
        if command == "STRENGTH":
            strength = {at: self._release.ciphers[at].strength for at in self.order}
            for bits in sorted(set(strength.values()), reverse=True):
                self._apply("+", frozenset(at for at in self.order if strength[at] == bits))
        elif re.fullmatch("SECLEVEL=[0-5]", command):
            self.level = int(command[-1])
        else:
            self.refused = True


def _end_of_item(text: str, at: int) -> int:
    return next((end for end in range(at, len(text)) if text[end] in _SEPARATORS), len(text))
