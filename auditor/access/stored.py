"""What a passdb has stored of a user's password, and what that is good for.

Without ``nopassword`` an empty stored password is the empty password where the scheme keeps passwords as they are, and
matches nothing under any other (``auth_request_password_verify_log``, src/auth/auth-request.c; tried on 2.3.19, 2.4.1
and 2.4.5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.files.passwd_file import PasswdFile
from auditor.model.reach import CREDENTIAL_MECHANISMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.facts import Because
    from auditor.files.passwd_file import Entry
    from auditor.model.passdb import Passdb

FAILING_SCHEMES: Final = frozenset(
    {"CRAM-MD5", "DES-CRYPT", "DIGEST-MD5", "HMAC-MD5", "LDAP-MD5", "MD5", "MD5-CRYPT", "OTP", "PBKDF2", "PLAIN-MD4"}
    | {"PLAIN-MD5", "PLAIN-TRUNC", "SCRAM-SHA-1", "SCRAM-SHA-256", "SHA", "SHA1", "SHA256", "SHA512", "SMD5", "SSHA"}
    | {"SSHA256", "SSHA512"}
)
"""Schemes of which 2.4 takes an empty text for a failure of the passdb, not for a wrong password.

Tried on 2.4.1 and 2.4.5 with every scheme; in 2.3.19 no scheme does so.
"""
PLAIN_SCHEMES: Final = frozenset({"PLAIN", "CLEAR", "CLEARTEXT"})
"""Schemes that store the password itself; PLAIN-TRUNC demands a length before it (src/auth/password-scheme.c)."""
ENCODINGS: Final = frozenset({"", "B64", "BASE64", "HEX"})
"""What may follow a scheme behind a dot (``password_scheme_lookup``); the empty text decodes to itself in each."""


def is_readable(passdb: Passdb) -> bool:
    """Whether it can be said what a passdb has stored."""
    return passdb.driver == "static" or isinstance(passdb.users, PasswdFile)


def is_plain(scheme: str) -> bool:
    """Whether a scheme, in capitals, stores the password itself."""
    name, _, encoding = scheme.partition(".")
    return name in PLAIN_SCHEMES and encoding in ENCODINGS


def stores_password(passdb: Passdb, entry: Entry | None) -> bool:
    """Whether something is stored that a client may know, or may be where that cannot be said."""
    if not is_readable(passdb):
        return True
    return (entry is not None or passdb.static_password is not None) and stores_empty(passdb, entry) is None


def stores_empty(passdb: Passdb, entry: Entry | None) -> bool | None:
    """Return whether the empty text that is stored is the empty password; None where something else is stored."""
    if entry is not None:
        return is_plain(_scheme(passdb, entry)) if entry.is_empty else None
    if (stored := passdb.static_password) is None:
        return None
    text = stored[0]
    bare = text.partition("}")[2] if text.startswith("{") and "}" in text else text
    return None if bare else is_plain(_scheme(passdb, None))


def why_empty(passdb: Passdb, entry: Entry | None) -> Iterator[Because]:
    """Yield the places that make a user's password the empty one."""
    if entry is not None and isinstance(passdb.users, PasswdFile):
        yield passdb.users.origin(entry), "an entry without a password"
        if not entry.scheme:
            scheme, origin = passdb.scheme
            yield origin, f"the scheme {scheme} makes it the empty password"
    elif stored := passdb.static_password:
        yield stored[1], "the password of everybody is the empty one"


def fails_at_empty(passdb: Passdb, entry: Entry | None) -> bool:
    """Whether the passdb fails because of the empty text that is stored, and does not take it for a wrong password."""
    return passdb.dialect == "2.4" and _scheme(passdb, entry).partition(".")[0] in FAILING_SCHEMES


def suits(passdb: Passdb, entry: Entry | None, mechanism: str) -> bool:
    """Whether a mechanism that compares by itself can use what is stored."""
    scheme = _scheme(passdb, entry)
    return is_plain(scheme) or scheme.partition(".")[0] in CREDENTIAL_MECHANISMS[mechanism.lower()]


def _scheme(passdb: Passdb, entry: Entry | None) -> str:
    if entry is not None:
        return entry.scheme or passdb.scheme[0]
    stored = passdb.static_password
    text = stored[0] if stored else ""
    return text[1:].partition("}")[0].upper() if text.startswith("{") and "}" in text else "PLAIN"
