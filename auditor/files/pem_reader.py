"""The blocks of a PEM text, read step by step as OpenSSL reads them.

This is ``PEM_read_bio_ex`` (OpenSSL 3: crypto/pem/pem_lib.c and crypto/evp/encode.c). It is
behind every file of keys, certificates and CRLs that Dovecot and Postfix open. The tests compare the two on damaged
texts. It goes on after a broken block, where OpenSSL stops.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK: Final = 254
"""Bytes that OpenSSL takes as one line at most (``LINESIZE`` less the terminating NUL)."""
_BEGIN: Final = b"-----BEGIN "
_END: Final = b"-----END "
_TAIL: Final = b"-----\n"
_FULL_LINE: Final = 65
"""A full line of base64 with its line end, the only length allowed before the last line of a block that has headers."""
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_BLANKS: Final = b" \t\r\n"
_STRIPPED: Final = bytes([*range(0x21), *range(0x80, 0x100)])
"""What counts as trailing white space: ``char`` is signed where OpenSSL compares it with a blank (x86)."""


@dataclass(frozen=True, slots=True)
class RawBlock:
    """One block by its offsets: label, text before an empty line, data, and what is wrong with it.

    ``swallowed`` are offsets of BEGIN lines inside it.
    """

    start: int
    end: int
    label: str
    headers: bytes = field(default=b"", repr=False)
    der: bytes = field(default=b"", repr=False)
    error: str = ""
    swallowed: tuple[int, ...] = ()


def raw_blocks(data: bytes) -> Iterator[RawBlock]:
    """Yield the blocks of a text in order, in time linear in its size."""
    at = 0
    while begin := _beginning(data, at):
        start, body, label = begin
        reader = _Reader(label.encode("latin-1"))
        at = reader.read(data, body)
        contents, error = (b"", reader.error) if reader.error else _decoded(b"".join(reader.text))
        yield RawBlock(start, at, label, b"".join(reader.headers or ()), contents, error, tuple(reader.swallowed))


def _beginning(data: bytes, at: int) -> tuple[int, int, str] | None:
    """Return start, end and label of the next BEGIN line at or behind an offset at which a read begins."""
    line_start = seen = at
    found = data.find(_BEGIN, at)
    while found >= 0:
        line_end = data.rfind(b"\n", seen, found)
        line_start = line_end + 1 if line_end >= 0 else line_start
        seen = found
        if (found - line_start) % _CHUNK == 0:
            end = _chunk(data, found)
            line = _sanitized(data[found:end])
            if line.endswith(_TAIL) and len(line) >= len(_BEGIN) + len(_TAIL):
                label = line[len(_BEGIN) : -len(_TAIL)].partition(b"\0")[0]
                return found, end, label.decode("latin-1")
        found = data.find(_BEGIN, found + 1)
    return None


def _chunk(data: bytes, at: int) -> int:
    """Return the end of what one BIO_gets reads."""
    line_end = data.find(b"\n", at, at + _CHUNK)
    return line_end + 1 if line_end >= 0 else min(at + _CHUNK, len(data))


def _sanitized(chunk: bytes) -> bytes:
    """Return a line as OpenSSL goes on with it: without trailing white space, and with one line end."""
    return chunk.rstrip(_STRIPPED) + b"\n"


class _Reader:
    """What ``get_header_and_data`` knows while it reads from behind a BEGIN line to the END line."""

    def __init__(self, label: bytes) -> None:
        self.label = label
        self.text: list[bytes] = []
        self.headers: list[bytes] | None = None
        self.error = ""
        self.swallowed: list[int] = []
        self._colon = False
        self._short_line = False

    def read(self, data: bytes, at: int) -> int:
        """Read one block; return the offset behind it."""
        rest_of_line = False
        while at < len(data):
            start, at = at, _chunk(data, at)
            line = _sanitized(data[start:at])
            self._colon = self._colon or b":" in data[start:at]
            if line.startswith(b"\n") and rest_of_line:
                rest_of_line = False
                continue
            rest_of_line = at - start == _CHUNK and data[at - 1 : at] != b"\n"
            if self._ends(line) or self.error:
                return at
            if line.startswith(_BEGIN):
                self.swallowed.append(start)
        self.error = "there is no END line"
        return at

    def _ends(self, line: bytes) -> bool:
        """Take one line; return whether it is the END line."""
        if line.startswith(b"\n"):
            if self.headers is not None:
                self.error = "there is a second empty line inside the block"
            self.headers, self.text = self.text, []
            return False
        if line.startswith(_END):
            if not line.startswith(_END + self.label + _TAIL):
                self.error = "the END line does not match the BEGIN line"
            elif self.headers is None and self._colon:
                # A colon makes it all headers, and without an empty line behind them there are no data.
                self.headers, self.text = self.text, []
            return True
        if self._short_line:
            self.error = "there is a short line of base64 before the last one"
        if self.headers is not None:
            if len(line) > _FULL_LINE:
                self.error = "a line of base64 is too long"
            self._short_line = len(line) < _FULL_LINE
        # What follows a NUL is not copied, the line end included.
        self.text.append(line.partition(b"\0")[0])
        return False


def _decoded(body: bytes) -> tuple[bytes, str]:
    """Return what base64 stands for, or why it does not stand for anything.

    A dash ends it: OpenSSL takes it for the end of the data (``B64_EOF``).
    """
    digits = body.partition(b"-")[0].translate(None, _BLANKS)
    if not _BASE64.fullmatch(digits) or len(digits) % 4:
        return b"", "this is not base64"
    if not digits:
        return b"", "the block is empty"
    return binascii.a2b_base64(digits), ""
