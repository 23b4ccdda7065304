"""Sockets that give all settings away, or take statistics from anybody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.finding import Severity
from auditor.model.fixes import without
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Dovecot

SOCKETS: Final = {
    "config": ("config", "every user of this host may ask for all settings, with keys and passwords", Severity.HIGH),
    "stats-reader": ("stats", "every user of this host may read the statistics", Severity.LOW),
    "stats-writer": ("stats", "every user of this host may write into the statistics", Severity.LOW),
}
"""Sockets by name: their service, what one can do there who may write to the socket, and how bad that is."""
_WRITABLE: Final = re.compile(r"[0-7]*[2367]")


class StatsOrConfigSocketOpen(DovecotRule):
    """A socket of the services config or stats is open to every user of the host.

    What: the socket `config` of the service config, or `stats-reader` or `stats-writer` of the service stats, has a
    mode that lets others write, such as 0666.

    Why it matters: the config socket answers with all settings: in 2.3 the text of `ssl_key` among them, in both
    versions passwords for databases. By the sockets of stats one learns who does what, or writes into what is counted.

    How to mend it: take the mode out, which leaves the config socket to root, or set `mode = 0600` and as `user` the
    one program that needs the socket.

    When to ignore it: no user of the host is anybody but its administrator, and no web application runs there.

    Sources: src/config/config-connection.c and src/stats/stats-settings.c of 2.3.19.1 and 2.4.1; tried on both: nobody
    is answered, in 2.3.19.1 with the private key of the server.
    """

    name = "stats-or-config-socket-open"
    severity = Severity.HIGH
    tags = ("access",)

    def check(self, dovecot: Dovecot) -> Iterator[Finding]:
        """Look at the modes that files give these sockets."""
        for socket, (service, effect, severity) in SOCKETS.items():
            for mode in dovecot.socket_modes(service, socket):
                if _is_open_to_others(mode.value):
                    yield self.finding(
                        mode.origin,
                        f"{effect}: {dovecot.shown(mode)}",
                        advice="take the line out, or name the one user that needs the socket",
                        severity=severity,
                        subject=socket,
                        fix=without(mode.origin, "mode"),
                    )


def _is_open_to_others(mode: str) -> bool:
    """Whether a mode lets every user of the host write to a socket, which is what connecting takes (unix(7))."""
    return _WRITABLE.fullmatch(mode) is not None
