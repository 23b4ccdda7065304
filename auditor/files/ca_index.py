"""index.txt, in which ``openssl ca`` and easy-rsa keep what a CA issued and revoked.

A line holds, separated by TABs: V, R or E; the end of the certificate; the time of its revocation, with a reason behind
a comma; the serial number in hexadecimal digits; a file; and the subject (openssl-ca(1); apps/include/apps.h).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.host import Unreadable

if TYPE_CHECKING:
    from auditor.host import Host
    from auditor.text import SourceFile, Span

MAX_ENTRIES: Final = 200_000
"""Lines of one file that are looked at."""

_REVOKED: Final = re.compile(r"(?m)^R\t(?P<end>\d{12}|\d{14})Z\t[^\t\n]+\t(?P<serial>[0-9A-Fa-f]{1,64})\t")


class Revoked(NamedTuple):
    """A revoked certificate: its serial number, its end, and the line."""

    serial: int
    not_after: datetime
    line: Span


class CaIndex(NamedTuple):
    """The revoked certificates of a CA; ``cut`` says that there are more than ``MAX_ENTRIES``."""

    source: SourceFile
    revoked: tuple[Revoked, ...]
    cut: bool = False


def read_ca_index(host: Host, name: str) -> CaIndex | Unreadable:
    """Return what an index.txt says was revoked, or why it cannot be read."""
    source = host.read_text(name)
    if isinstance(source, Unreadable):
        return source
    found: list[Revoked] = []
    for match in _REVOKED.finditer(source.text):
        if len(found) == MAX_ENTRIES:
            return CaIndex(source, tuple(found), cut=True)
        end = _time(match["end"])
        if end is not None:
            line = source.line_span(source.position(match.start())[0])
            found.append(Revoked(int(match["serial"], 16), end, line))
    return CaIndex(source, tuple(found))


def _time(digits: str) -> datetime | None:
    """Return a UTCTime or GeneralizedTime; two digits mean a year from 1950 to 2049 (RFC 5280, 4.1.2.5.1)."""
    if len(digits) == len("YYMMDDHHMMSS"):
        digits = ("19" if digits >= "5" else "20") + digits
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
