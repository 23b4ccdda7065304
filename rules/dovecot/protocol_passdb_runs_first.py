"""An open passdb inside a protocol block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.access.open_passdb import Hole
from auditor.finding import Severity
from auditor.passdb_rule import PassdbRule
from auditor.text import shortened

if TYPE_CHECKING:
    from auditor.access.open_passdb import OpenPassdb


class ProtocolPassdbRunsFirst(PassdbRule):
    """A passdb inside a protocol block opens one protocol behind the back of the global ones.

    What: a passdb that stands in a `protocol` block lets in whoever sends any password, or the empty one. For that
    protocol it is asked before the global passdbs, whatever their filters say.

    Why it matters: the global passdbs look sound, and they are, for every other protocol. For this one anybody who
    knows or guesses a user name logs in.

    How to mend it: add `mechanisms = external` (2.2.28 and later, 2.3) or `mechanisms_filter = external` (2.4) inside
    the passdb of the protocol block, or move it out of the block and filter it there.

    When to ignore it: never on a host that others can reach.

    Sources: Dovecot manual, Password databases: "protocol-specific passdbs are executed first"; tried on Dovecot
    2.3.19.1 and 2.4.1.
    """

    name = "protocol-passdb-runs-first"
    severity = Severity.CRITICAL
    hole = Hole.PROTOCOL

    def message(self, found: OpenPassdb) -> str:
        """Say how the passdb lets anybody in."""
        protocol = shortened(found.passdb.protocol)
        return f"{found.who}: this passdb of `protocol {protocol}` is asked before the global ones"
