"""Under which schemes the passwords of a passdb are stored, as far as its file tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.files.passwd_file import PasswdFile, Password

if TYPE_CHECKING:
    from auditor.model.passdb import Passdb
    from auditor.text import Origin

EASILY_READ: Final = frozenset(
    {
        *("PLAIN", "CLEAR", "CLEARTEXT", "PLAIN-TRUNC", "OTP", "SKEY"),
        *("CRAM-MD5", "HMAC-MD5", "DIGEST-MD5", "LANMAN", "NTLM", "RPA", "PLAIN-MD4", "PLAIN-MD5"),
        *("LDAP-MD5", "SMD5", "SHA", "SHA1", "SSHA"),
    }
)
"""Schemes that keep the password, what serves as one, or one round of MD4, MD5 or SHA-1.

Source: src/auth/password-scheme.c; the names are those of ``doveadm pw -l`` of 2.3.19.1 and 2.4.1, and older ones.
"""


def easily_read(passdb: Passdb) -> dict[str, list[Origin]]:
    """Return the users of a passwd-file whose password is stored under such a scheme, by scheme."""
    found: dict[str, list[Origin]] = {}
    if isinstance(passdb.users, PasswdFile):
        for entry in passdb.users.entries:
            scheme = entry.scheme or passdb.scheme[0]
            if entry.password is Password.PRESENT and scheme.partition(".")[0] in EASILY_READ:
                found.setdefault(scheme, []).append(passdb.users.origin(entry))
    return found
