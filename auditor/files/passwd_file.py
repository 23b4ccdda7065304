r"""Dovecot's passwd-file: who is in it, and what is said about each password.

Read as ``passwd_file_open`` and ``passwd_file_add`` do (src/auth/db-passwd-file.c, 2.3.19.1 and 2.4.5): lines end at
``\n`` or ``\r\n``; empty lines and lines that begin with ``#`` or ``:`` are skipped; nothing is trimmed, nothing can be
escaped, and the first entry of a name wins; ``doveadm auth test`` of 2.3.19.1 and 2.4.1 agreed on each of these. No
password or hash leaves this module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.host import Host, Unreadable
from auditor.text import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.text import SourceFile, Span

MAX_ENTRIES: Final = 200_000
"""Entries of one file that are looked at."""

_LINE: Final = re.compile(r"[^\n]*")
_LIBPAM_PWDFILE: Final = re.compile(r"(?P<hash>[^{$].*)\[(?P<tens>.)(?P<ones>.)\]", re.DOTALL)
_MD5_CRYPT: Final = re.compile(r"\$1\$[^$]*\$")
_SCHEME: Final = re.compile(r"\{([^}]*)\}(.*)", re.DOTALL)
_COLUMNS_BEFORE_EXTRA: Final = 7
_DIGEST_MD5_DIGITS: Final = 32


class Password(Enum):
    """What stands in the password column."""

    ABSENT = "absent"
    """There is only a user name."""
    EMPTY = "empty"
    """Nothing, or nothing behind ``{SCHEME}``."""
    PRESENT = "present"


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One user: the name, the state of the password and its scheme (in capitals, empty where the entry names none).

    ``extra_fields`` are the names and values behind the seventh colon; a name without ``=`` has the empty value.
    """

    user: str
    line: int
    password: Password
    scheme: str = ""
    extra_fields: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether the stored password is the empty text; Dovecot takes a missing column for it."""
        return self.password is not Password.PRESENT


class PasswdFile(NamedTuple):
    """The entries in effect, in the file's order; of the rest only the lines.

    ``duplicates`` are lines whose user stands further up; ``invalid`` are lines that Dovecot drops with an error.
    ``cut`` says that there are more than ``MAX_ENTRIES`` entries.
    """

    source: SourceFile
    entries: tuple[Entry, ...]
    duplicates: tuple[int, ...] = ()
    invalid: tuple[int, ...] = ()
    cut: bool = False

    def span(self, entry: Entry) -> Span:
        """Return the user name of an entry."""
        start = self.source.line_span(entry.line).start
        return self.source.span(start, start + len(entry.user))

    def origin(self, entry: Entry) -> Origin:
        """Return the place of an entry."""
        return Origin(self.span(entry))


def read_passwd_file(host: Host, name: str, *, dialect: str = "2.3") -> PasswdFile | Unreadable:
    """Return the users of a passwd-file, or why it cannot be read.

    Everything behind the first colon of a line, or else behind the first blank, is marked secret in the text. The
    dialects differ in one thing: an empty eighth column makes 2.3 take the ninth for a mail location of old, while 2.4
    reads extra fields from both.
    """
    source = host.read_text(name)
    if isinstance(source, Unreadable):
        return source
    entries: dict[str, Entry] = {}
    duplicates: list[int] = []
    invalid: list[int] = []
    at = 0
    number = 0
    while at <= len(source.text) and (match := _LINE.match(source.text, at)):
        number += 1
        at = match.end() + 1
        if len(entries) + len(duplicates) + len(invalid) >= MAX_ENTRIES:
            source.mark_secret(match.start(), len(source.text))
            return PasswdFile(source, tuple(entries.values()), tuple(duplicates), tuple(invalid), cut=True)
        # Without a colon it may be a file of another kind, with a password behind the first blank.
        name, separator, _ = match[0].partition(":") if ":" in match[0] else match[0].partition(" ")
        if separator:
            source.mark_secret(match.start() + len(name) + 1, match.end())
        line = match[0].removesuffix("\r").partition("\0")[0]
        if not line or line[0] in "#:":
            continue
        entry = _entry(line, number, dialect)
        if entry is None:
            invalid.append(number)
        elif entry.user in entries:
            duplicates.append(number)
        else:
            entries[entry.user] = entry
    return PasswdFile(source, tuple(entries.values()), tuple(duplicates), tuple(invalid))


def _entry(line: str, number: int, dialect: str) -> Entry | None:
    """Return what a line says; None when Dovecot drops it, which only a bad length of ``hash[56]`` makes it do here."""
    user, *columns = line.split(":")
    if not columns:
        return Entry(user, number, Password.ABSENT)
    stored = _with_scheme(columns[0])
    if stored is None:
        return None
    scheme, rest = stored
    extra = columns[_COLUMNS_BEFORE_EXTRA - 1 :]
    if dialect == "2.3" and extra and not extra[0]:
        extra = []
    return Entry(user, number, Password.PRESENT if rest else Password.EMPTY, scheme, _extra_fields(":".join(extra)))


def _with_scheme(password: str) -> tuple[str, bool] | None:
    """Return the scheme that the column itself names, in capitals, and whether a password follows.

    ``hash[13]``, ``hash[34]`` and ``hash[56]`` are libpam-pwdfile's form; ``$1$`` and ``{SCHEME}`` are what
    ``password_get_scheme`` knows (src/auth/password-scheme.c).
    """
    if match := _LIBPAM_PWDFILE.fullmatch(password):
        scheme = {"34": "PLAIN-MD5", "56": "DIGEST-MD5"}.get(match["tens"] + match["ones"], "CRYPT")
        if scheme == "DIGEST-MD5" and len(match["hash"]) != _DIGEST_MD5_DIGITS:
            return None
        return scheme, True
    if _MD5_CRYPT.match(password):
        return "MD5-CRYPT", True
    if match := _SCHEME.fullmatch(password):
        return match[1].upper(), bool(match[2])
    return "", bool(password)


def _extra_fields(text: str) -> dict[str, str]:
    """Split at blanks (``p_strsplit_spaces``); of a name that comes twice the last value is in effect."""
    fields = (word.partition("=") for word in text.split(" ") if word)
    return {name: value for name, _, value in fields if name}
