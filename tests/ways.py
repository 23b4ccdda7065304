"""Rows made by hand."""

from __future__ import annotations

from typing import Any

from auditor.access.rows import ANYWHERE, Certificate, Listener, Right, Row, Secret
from auditor.text import Origin, SourceFile

FILE = SourceFile("/etc/dovecot/dovecot.conf", "etc/dovecot/dovecot.conf", "ssl = required\nauth_mechanisms = plain\n")
SSL = Origin(FILE.line_span(1))


def listener(service: str = "imap", port: int = 143, **facts: Any) -> Listener:
    return Listener("dovecot", service, port, ("*",), facts.pop("origin", SSL), **facts)


def way(**facts: Any) -> Row:
    """Return the way that most users take, but for some facts."""
    usual: dict[str, Any] = {
        "source": ANYWHERE,
        "listener": listener(),
        "tls": True,
        "certificate": Certificate.NONE,
        "mechanisms": ("PLAIN", "LOGIN"),
        "secret": Secret.PASSWORD,
        "users": "any user in /etc/dovecot/users",
        "right": Right.READ,
        "because": ((SSL, "TLS is needed"),),
    }
    return Row(**usual | facts)
