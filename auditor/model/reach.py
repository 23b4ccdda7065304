"""The ways by which a login gets to a passdb."""

from __future__ import annotations

from typing import Final, NamedTuple

PASSWORD_MECHANISMS: Final = ("plain", "login")
"""Mechanisms that hand the typed password to a passdb; IMAP LOGIN and POP3 USER/PASS count as PLAIN.

Where PLAIN is not offered, those commands fail with "Unsupported authentication mechanism" (tried on 2.3.19).
"""
POSTFIX_SERVICE: Final = "smtp"
"""The protocol name that Postfix gives when it asks the auth service (smtpd_sasl_service)."""


class Reach(NamedTuple):
    """A protocol, empty where none is known, and a mechanism by which logins get to a passdb."""

    protocol: str
    mechanism: str
