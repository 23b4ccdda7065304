"""Postfix looks for Dovecot's auth service where there is none."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from auditor.access.dovecot_listeners import UnixListener
from auditor.access.sasl_socket import SaslSocket, listens, sasl_socket
from auditor.finding import Confidence, Severity
from auditor.model.smtpd import grouped, said_of
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.table import Access
    from auditor.finding import Finding
    from auditor.model.smtpd import SmtpdService
    from auditor.text import Origin


class SaslSocketMismatch(AccessRule):
    """Postfix asks for logins at a socket that Dovecot does not open for it.

    What: smtpd_sasl_type is `dovecot`, and smtpd_sasl_path names a socket that no auth service of Dovecot has among its
    listeners; or that listener has a mode and an owner that keep Postfix out. A relative path is relative to
    queue_directory, and in a chroot an absolute one is, too.

    Why it matters: smtpd ends where it would offer AUTH, with "SASL: Connect to private/auth failed". Where that is
    when a client connects, no mail arrives at this service at all.

    How to mend it: let both name one socket: `smtpd_sasl_path = private/auth`, and in `service auth` a
    `unix_listener /var/spool/postfix/private/auth` with `mode = 0660`, `user = postfix` and `group = postfix`.

    When to ignore it: Postfix and Dovecot run in different containers, and the socket is mounted elsewhere.

    Sources: SASL_README, "Configuring Dovecot SASL"; xsasl_dovecot_server.c, xsasl_dovecot_server_connect; tried on
    Postfix 3.7.11: "fatal: no SASL authentication mechanisms".
    """

    name = "sasl-socket-mismatch"
    severity = Severity.HIGH

    def check(self, access: Access) -> Iterator[Finding]:
        """Look at the services that ask Dovecot."""
        asking: dict[SmtpdService, tuple[SaslSocket, str]] = {}
        for ways in access.smtpd:
            service = ways.service
            if not service.asks_dovecot or not access.dovecot:
                continue
            socket = sasl_socket(service)
            listener = listens(access.dovecot, socket) if socket else True
            if socket and not listener:
                asking[service] = socket, "where no auth service of Dovecot listens"
            elif socket and isinstance(listener, UnixListener) and not _lets_in(service, listener):
                asking[service] = socket, f"which has mode {listener.mode:04o} and keeps Postfix out"
        for origin, group in grouped(asking, _place).items():
            socket, why = asking[group[0]]
            # A folder that is not in the tree may be a symbolic link to where Dovecot listens.
            is_there = access.host.host.exists(posixpath.dirname(socket.name))
            yield self.finding(
                origin,
                f"{said_of(group, 'asks', 'ask')} for logins at {socket.name}, {why}",
                advice="let smtpd_sasl_path and a unix_listener of Dovecot's `service auth` name the same socket, with"
                " mode 0660 and postfix as its user and group",
                confidence=Confidence.HIGH if is_there else Confidence.MEDIUM,
            )


def _place(service: SmtpdService) -> Origin:
    path = service.get("smtpd_sasl_path")
    return path.origin if path.assignment else service.get("smtpd_sasl_type").origin


def _lets_in(service: SmtpdService, listener: UnixListener) -> bool:
    """Whether Postfix may connect, which takes the right to write; a group of another name may have it as a member."""
    owner = service.get("mail_owner").effective
    if listener.mode & 0o002 or (listener.mode & 0o020 and listener.group not in ("", "root", "0")):
        return True
    return bool(listener.mode & 0o200) and listener.user == owner
