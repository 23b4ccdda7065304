"""PEM files: their blocks, and what stands between them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.files import der
from auditor.files.pem_reader import RawBlock, raw_blocks
from auditor.host import Host, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.text import SourceFile, Span

MAX_BLOCKS: Final = 5_000
"""Blocks of one file that are looked at; the CA bundle of a whole system has about 150."""
MAX_CANDIDATES: Final = 50_000
"""Places of one file that are tried as the beginning of a DER element."""

CERTIFICATE_LABELS: Final = frozenset({"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"})
CRL_LABEL: Final = "X509 CRL"
KEY_LABEL_END: Final = "PRIVATE KEY"

_LABELS: Final = {"certificate": "CERTIFICATE", "crl": CRL_LABEL}
_LONG_SEQUENCE: Final = re.compile(rb"\x30[\x81-\x83]")
_ENCRYPTION_HEADER: Final = re.compile(
    rb"Proc-Type:[ \t]*4[ \t]*,[ \t]*ENCRYPTED[ \t\r]*\nDEK-Info:[ \t]*[A-Z0-9-]+[ \t]*(?:,|\n|$)"
)


@dataclass(frozen=True, slots=True)
class Block:
    """One PEM block, or a DER element that stands in the file without one and has the label that it should have.

    ``line`` and ``end_line`` are its first and last line, from 1. ``error`` says why OpenSSL cannot read it; it then
    gives up on the whole file. ``swallowed`` are lines that begin another block inside this one: the END line between
    them is missing, and the other block is lost. ``after_nul`` says that a NUL byte stands in front of its end.
    """

    label: str
    line: int
    end_line: int
    der: bytes = field(default=b"", repr=False)
    headers: bytes = field(default=b"", repr=False)
    error: str = ""
    swallowed: tuple[int, ...] = ()
    after_nul: bool = False
    start: int = field(default=0, repr=False)
    end: int = field(default=0, repr=False)

    @property
    def is_certificate(self) -> bool:
        """Whether OpenSSL takes it for a certificate."""
        return self.label in CERTIFICATE_LABELS

    @property
    def is_crl(self) -> bool:
        """Whether OpenSSL takes it for a CRL."""
        return self.label == CRL_LABEL

    @property
    def is_key(self) -> bool:
        """Whether OpenSSL takes it for a private key."""
        return self.label.endswith(KEY_LABEL_END)

    @property
    def encrypted(self) -> bool:
        """Whether its contents are encrypted, in PKCS #8 or in OpenSSL's older way (headers of RFC 1421)."""
        return self.label == "ENCRYPTED PRIVATE KEY" or self.headers.startswith(b"Proc-Type:")


class Pem(NamedTuple):
    """The blocks of a PEM text, and the DER elements between them, which OpenSSL skips without a word.

    ``nul_line`` is the line of the first NUL byte, 0 without one: Dovecot 2.3 loses what stands behind it, Dovecot 2.4
    refuses the file (``contains NUL characters``; doveconf 2.3.19.1, 2.4.1 and 2.4.5). ``cut`` says that there are more
    than ``MAX_BLOCKS`` blocks.
    """

    blocks: tuple[Block, ...] = ()
    stray: tuple[Block, ...] = ()
    nul_line: int = 0
    cut: bool = False

    @property
    def certificates(self) -> tuple[Block, ...]:
        """Blocks with certificates, broken ones included."""
        return tuple(block for block in self.blocks if block.is_certificate)

    @property
    def crls(self) -> tuple[Block, ...]:
        """Blocks with CRLs, broken ones included."""
        return tuple(block for block in self.blocks if block.is_crl)

    @property
    def keys(self) -> tuple[Block, ...]:
        """Blocks with private keys, broken ones included."""
        return tuple(block for block in self.blocks if block.is_key)

    @property
    def errors(self) -> tuple[Block, ...]:
        """Blocks that OpenSSL cannot read, whatever they hold."""
        return tuple(block for block in self.blocks if block.error)


@dataclass(frozen=True, slots=True)
class PemFile:
    """A PEM file of the host; key material is marked secret in its text."""

    source: SourceFile = field(repr=False)
    pem: Pem

    def span(self, block: Block) -> Span:
        """Return the lines of a block, from BEGIN to END."""
        return self.source.line_span(block.line).to(self.source.line_span(block.end_line))

    def first_line(self, block: Block) -> Span:
        """Return the line that a block begins on."""
        return self.source.line_span(block.line)


def read_pem(host: Host, name: str) -> PemFile | Unreadable:
    """Return the blocks of a file of the host, or why it cannot be read."""
    data = host.read_bytes(name)
    source = host.read_text(name)
    if isinstance(data, Unreadable):
        return data
    if isinstance(source, Unreadable):
        return source
    pem = parse_pem(data)
    _mark_secrets(source, pem)
    return PemFile(source, pem)


def _mark_secrets(source: SourceFile, pem: Pem) -> None:
    """Mark what may be key material: the inside of key blocks, and the whole of a file that is no PEM."""
    if not pem.blocks or pem.cut:
        source.mark_secret(0, len(source.text))
        return
    for block in pem.blocks:
        if block.is_key and block.end_line > block.line:
            source.mark_secret(source.line_span(block.line + 1).start, source.line_span(block.end_line).end)


def parse_pem(data: bytes) -> Pem:
    """Return the blocks of a text, broken ones with their error. Time and memory are linear in its size."""
    lines = _Lines(data)
    nul = data.find(b"\0")
    nul_line = data.count(b"\n", 0, nul) + 1 if nul >= 0 else 0
    blocks: list[Block] = []
    for raw in raw_blocks(data):
        if len(blocks) == MAX_BLOCKS:
            return Pem(tuple(blocks), (), nul_line, cut=True)
        blocks.append(_block(raw, lines, after_nul=0 <= nul < raw.end))
    return Pem(tuple(blocks), tuple(_stray(data, blocks)), nul_line)


def _block(raw: RawBlock, lines: _Lines, *, after_nul: bool) -> Block:
    first = lines.number(raw.start)
    swallowed = tuple(lines.number(offset) for offset in raw.swallowed)
    last = lines.number(max(raw.end - 1, raw.start))
    block = Block(raw.label, first, last, raw.der, raw.headers, raw.error, swallowed, after_nul, raw.start, raw.end)
    return block if raw.error else replace(block, error=_content_error(block))


def _content_error(block: Block) -> str:
    """Return why OpenSSL fails on what a well-formed block holds (``PEM_get_EVP_CIPHER_INFO``, ``d2i_…``)."""
    if not (block.is_certificate or block.is_crl or block.is_key):
        return ""
    if block.headers and not (block.is_key and _ENCRYPTION_HEADER.match(block.headers)):
        return "there is text before an empty line inside the block"
    if not block.headers and not der.is_well_formed(block.der):
        return "its contents are damaged"
    return ""


class _Lines:
    """Line numbers of offsets that are asked for in rising order."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = 0
        self._line = 1

    def number(self, offset: int) -> int:
        """Return the line of an offset, from 1."""
        self._line += self._data.count(b"\n", self._offset, offset)
        self._offset = offset
        return self._line


def _stray(data: bytes, blocks: list[Block]) -> Iterator[Block]:
    """Yield the certificates and CRLs in DER form that stand outside the blocks."""
    lines = _Lines(data)
    candidates = MAX_CANDIDATES
    bounds = [0, *(offset for block in blocks for offset in (block.start, block.end)), len(data)]
    for start, end in zip(bounds[::2], bounds[1::2], strict=True):
        at = start
        while candidates > 0 and (match := _LONG_SEQUENCE.search(data, at, end)):
            candidates -= 1
            at = match.start()
            what = der.kind(data, at, end)
            found = der.element(data, at, end) if what else None
            if found is None:
                at += 1
                continue
            last = found[2]
            yield Block(_LABELS[what], lines.number(at), lines.number(last - 1), data[at:last], start=at, end=last)
            at = last
