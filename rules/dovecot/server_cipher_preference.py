"""Who chooses the cipher."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.tls_strength import named, read_ciphers
from auditor.model.vocabulary import is_true
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Dovecot


class ServerCipherPreference(DovecotRule):
    """The client chooses from a list in which strong and weak ciphers are mixed.

    What: `ssl_prefer_server_ciphers = no` (2.4: `ssl_server_prefer_ciphers = client`), the default, and the cipher list
    has ciphers that the policy takes and others that it does not.

    Why it matters: a client that prefers a weaker cipher gets it, though both could do better.

    How to mend it: take the weaker ciphers out of the list. While they are needed, let the server choose.

    When to ignore it: the list has strong ciphers only; then the client knows best which is quickest for it.

    Sources: Dovecot wiki, SSL/DovecotConfiguration, ssl_prefer_server_ciphers (in favour); Mozilla's guidelines 6.0,
    server_preferred_order, and NCSC-NL's TLS guidelines 2.1 (not needed with good ciphers).
    """

    name = "server-cipher-preference"
    severity = Severity.INFO
    off_because = "the sources disagree on who should choose"
    tags = ("tls",)

    def check(self, dovecot: Dovecot) -> Iterator[Finding]:
        """Look at the lists where the client chooses."""
        chooser = dovecot.get("ssl_server_prefer_ciphers") or dovecot.get("ssl_prefer_server_ciphers")
        if chooser is None or is_true(chooser.value) or chooser.value == "server":
            return
        for setting, where in dovecot.tls_settings("ciphers").items():
            ciphers = read_ciphers(setting.value, dovecot.openssl)
            usable = ciphers.usable if ciphers else ()
            against = dovecot.policy.not_taken(usable)
            if against and len(against) < len(usable):
                names = named(one.name for one in against)
                yield self.finding(
                    chooser.origin,
                    f"the client chooses the cipher{where}, and may choose {names}: {dovecot.shown(chooser)}",
                    because=[(setting.origin, "strong and weak ciphers")],
                    advice=f"take out the ciphers that {dovecot.policy.cited} does not list",
                    subject=chooser.name,
                )
