"""What Dovecot 2.4 says about URIs that it cannot read.

Follows src/lib/uri-util.c and src/lib-http/http-url.c of 2.4.1 and main of 2026-08.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from auditor.text import escaped

_UNRESERVED: Final = r"A-Za-z0-9._~\-"
_SUB_DELIMS: Final = r"!$&'()*+,;="
_PCHAR: Final = re.compile(rf"[{_UNRESERVED}{_SUB_DELIMS}:@]*")
_QCHAR: Final = re.compile(rf"[{_UNRESERVED}{_SUB_DELIMS}:@/?]*")
_REG_NAME: Final = re.compile(rf"[{_UNRESERVED}{_SUB_DELIMS}]*")
_USER: Final = re.compile(rf"[{_UNRESERVED}{_SUB_DELIMS}:%]*@")
_ANYTHING: Final = re.compile(r"[^%]*")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,63}")
_IPV4: Final = re.compile(r"[0-9]+(?:\.[0-9]+){3}(?![0-9])|[0-9]+(?:\.[0-9]+){0,2}\Z")
"""An address, or its beginning where the text ends with it, as the daemon takes it."""


class _RefusedError(ValueError):
    """What the parser says."""


class _Parser:
    """A position in a text; each method moves it over one part, or raises."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    @property
    def next(self) -> str:
        return self.text[self.at : self.at + 1]

    def scheme(self) -> str | None:
        """Return the scheme, None where no letter stands."""
        match = _SCHEME.match(self.text, self.at)
        if not match:
            return None
        self.at = match.end()
        if self.next != ":":
            raise _RefusedError("Invalid URI scheme")
        self.at += 1
        return match[0]

    def authority(self, *, host_name: bool) -> tuple[str, str]:
        """Read ``[user@]host[:port]``; return the host, and the user with its ``@``."""
        user = _USER.match(self.text, self.at)
        if user:
            self.at = user.end()
        start = self.at
        self._host(host_name=host_name)
        host = self.text[start : self.at]
        if self.next not in ("", ":", "/", "?", "#"):
            raise _RefusedError("Invalid host identifier")
        if self.next == ":":
            port = re.compile(r"[0-9]*").match(self.text, self.at + 1)
            digits = port[0] if port else ""
            if digits and (len(digits) > 9 or not 0 < int(digits) < 65536):
                raise _RefusedError("Invalid port number")
            self.at += 1 + len(digits)
            if self.next not in ("", "/", "?", "#"):
                raise _RefusedError("Invalid host port")
        return host, user[0] if user else ""

    def _host(self, *, host_name: bool) -> None:
        if self.next == "[":
            self._ip_literal()
            return
        match = _IPV4.match(self.text, self.at)
        if match and all(len(part) < 10 and int(part) < 256 for part in match[0].split(".")):
            self.at = match.end()
        elif host_name:
            self._host_name()
        else:
            self.run(_REG_NAME)

    def _ip_literal(self) -> None:
        end = self.text.find("]", self.at + 1)
        if end < 0:
            raise _RefusedError("Expecting ']' at end of IP-literal")
        address = self.text[self.at + 1 : end]
        self.at = end + 1
        if not address:
            raise _RefusedError("Empty IPv6 host address")
        if address.startswith("v"):
            raise _RefusedError(f"Future IP host address '{address}' not supported")
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise _RefusedError(f"Invalid IPv6 host address '{address}'") from None

    def _host_name(self) -> None:
        while char := self._label_char(""):
            while more := self._label_char("-"):
                char = more
            if char == "-":
                raise _RefusedError("Invalid domain label in hostname")
            if self.next != ".":
                break
            self.at += 1

    def _label_char(self, also: str) -> str:
        """Read one letter or digit of a host's name, or one that is allowed inside; return it, or nothing."""
        char = self.next
        if char == "%":
            start = self.at
            self._escape()
            char = chr(int(self.text[start + 1 : start + 3], 16))
            if not (char.isascii() and (char.isalnum() or (also and char in also))):
                raise _RefusedError("Invalid percent encoding in hostname")
            return char
        if not char or not (char.isascii() and (char.isalnum() or (also and char in also))):
            return ""
        self.at += 1
        return char

    def run(self, pattern: re.Pattern[str]) -> int:
        """Read characters of a kind and percent encodings; return how many."""
        start = self.at
        while True:
            match = pattern.match(self.text, self.at)
            self.at = match.end() if match else self.at
            if self.next != "%":
                return self.at - start
            self._escape()

    def _escape(self) -> None:
        digits = self.text[self.at + 1 : self.at + 3]
        if len(digits) < 2:
            raise _RefusedError("Unexpected URI boundary after '%'")
        for index, digit in enumerate(digits):
            if digit not in "0123456789abcdefABCDEF":
                message = f"Expecting hex digit after '%{digits[:index]}', but found {_sanitized(digit)}"
                raise _RefusedError(message)
        if digits == "00":
            raise _RefusedError("Percent encoding is not allowed to encode NUL character")
        self.at += 3

    def part(self, pattern: re.Pattern[str], name: str, ends: str) -> None:
        """Read a part of the URI up to one of the characters that end it."""
        self.run(pattern)
        if self.next and self.next not in ends:
            message = f"{name} component contains invalid character {_sanitized(self.next)}"
            raise _RefusedError(message)

    def rest(self) -> bool:
        """Read path, query and fragment; return whether there is a fragment."""
        self.part(_PCHAR, "Path", "/?#")
        while self.next == "/":
            self.at += 1
            self.part(_PCHAR, "Path", "/?#")
        if self.next == "?":
            self.at += 1
            self.part(_QCHAR, "Query", "#")
        if self.next != "#":
            return False
        self.at += 1
        self.part(_QCHAR, "Fragment", "")
        return True


def _sanitized(char: str) -> str:
    """``uri_char_sanitize`` in src/lib/uri-util.h: the first byte, quoted where it is printable."""
    byte = char.encode("utf-8", "surrogateescape")[0]
    return f"'{char}'" if 0x20 <= byte < 0x7F else f"<0x{byte:02x}>"


def uri_error(text: str) -> str:
    """Return what the daemon says about a URI (``uri_check``); empty when it takes it."""
    parser = _Parser(text)
    try:
        if parser.scheme() is None:
            return "Missing scheme"
        if text.startswith("//", parser.at) and len(text) > parser.at + 2:
            parser.at += 2
            parser.authority(host_name=False)
        return "Fragment part not allowed" if parser.rest() else ""
    except _RefusedError as error:
        return escaped(str(error))


def http_url_error(text: str, *, with_user: bool) -> str:
    """Return what the daemon says about the address of a web service (``http_url_parse``); empty when it takes it."""
    parser = _Parser(text)
    try:
        try:
            scheme = parser.scheme()
        except _RefusedError:
            scheme, parser.at = None, 0
        if scheme is not None and scheme.lower() not in ("http", "https"):
            return "Not an HTTP URL"
        if text.startswith("//", parser.at):
            parser.at += 2
            host, user = parser.authority(host_name=True)
            if not host:
                return "HTTP URL does not allow empty host identifier"
            if user and not with_user:
                return "HTTP URL does not allow `userinfo@' part"
            _Parser(user).run(_ANYTHING)
        elif scheme is not None:
            return "Absolute HTTP URL requires `//' after `http:'"
        else:
            return "Relative HTTP URL not allowed"
        return "URL fragment not allowed for HTTP URL in this context" if parser.rest() else ""
    except _RefusedError as error:
        return escaped(str(error))


def is_sieve_url(text: str) -> bool:
    """Whether the daemon takes a text for the address of a ManageSieve server.

    ``managesieve_url_parse`` in src/lib-managesieve/managesieve-url.c of Pigeonhole.
    """
    parser = _Parser(text)
    try:
        scheme = parser.scheme()
        if scheme is None or scheme.lower() != "sieve" or not text.startswith("//", parser.at):
            return False
        parser.at += 2
        host, user = parser.authority(host_name=True)
        return bool(host and not user) and re.fullmatch("(?:/[^/?#]*(?:/[^/?#]+)?)?", text[parser.at :]) is not None
    except _RefusedError:
        return False
