"""The ways by which a login gets to a passdb."""

from __future__ import annotations

from typing import Final, NamedTuple

PASSWORD_MECHANISMS: Final = ("plain", "login")
"""Mechanisms that hand the typed password to a passdb; IMAP LOGIN and POP3 USER/PASS count as PLAIN.

Where PLAIN is not offered, those commands fail with "Unsupported authentication mechanism" (tried on 2.3.19).
"""
CREDENTIAL_MECHANISMS: Final = {
    "cram-md5": frozenset({"CRAM-MD5", "HMAC-MD5"}),
    "digest-md5": frozenset({"DIGEST-MD5"}),
    "scram-sha-1": frozenset({"SCRAM-SHA-1"}),
    "scram-sha-1-plus": frozenset({"SCRAM-SHA-1"}),
    "scram-sha-256": frozenset({"SCRAM-SHA-256"}),
    "scram-sha-256-plus": frozenset({"SCRAM-SHA-256"}),
    "ntlm": frozenset({"NTLM", "LANMAN"}),
    "apop": frozenset[str](),
}
"""Mechanisms that look up what is stored, with the schemes that they can use beside those that keep the password."""
NEEDING_NO_PASSDB: Final = frozenset({"anonymous", "gssapi", "gss-spnego", "winbind"})
"""Mechanisms that know users by themselves (``MECH_PASSDB_NEED_NOTHING`` in src/auth/mech-*.c)."""
WITHOUT_CREDENTIALS: Final = frozenset({"pam", "bsdauth", "checkpassword", "imap", "oauth2", "vpopmail"})
"""Drivers that check passwords but never hand out what a challenge is compared with (no ``lookup_credentials``)."""
POSTFIX_SERVICE: Final = "smtp"
"""The protocol name that Postfix gives when it asks the auth service (smtpd_sasl_service)."""


class Reach(NamedTuple):
    """A protocol, empty where none is known, and a mechanism by which logins get to a passdb."""

    protocol: str
    mechanism: str
