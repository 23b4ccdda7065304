"""Postfix looks for Dovecot's auth service where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.access.sasl_socket import open_sockets
from auditor.finding import Confidence, Severity
from auditor.model.postfix_fixes import services_to
from auditor.model.smtpd import grouped, said_of
from auditor.rule import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.sasl_socket import SaslServer
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
        asking: dict[SmtpdService, SaslServer] = {}
        for ways in access.smtpd:
            server = ways.sasl.server
            if server and server.fault:
                asking[ways.service] = server
        for origin, group in grouped(asking, _place).items():
            server = asking[group[0]]
            usable = open_sockets(group[0], access.dovecot)
            fix = services_to(group, "smtpd_sasl_path", usable.pop()) if len(usable) == 1 else None
            yield self.finding(
                origin,
                f"{said_of(group, 'asks', 'ask')} for logins at {server.place}, {server.fault}",
                advice="let smtpd_sasl_path and a unix_listener of Dovecot's `service auth` name the same socket, with"
                " mode 0660 and postfix as its user and group",
                fix=fix and fix.opening().unsafe(),
                confidence=Confidence.HIGH if server.certain else Confidence.MEDIUM,
            )


def _place(service: SmtpdService) -> Origin:
    path = service.get("smtpd_sasl_path")
    return path.origin if path.assignment else service.get("smtpd_sasl_type").origin
