"""The name of a CA file where its contents should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.dovecot_fixes import with_marker
from auditor.model.tls import lacks_marker
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Dovecot


class CaFileMarkerMissing(DovecotRule):
    """The setting for the clients' CA lacks the "<" before its file name.

    What: in Dovecot 2.2 and 2.3 `ssl_ca` holds the contents of a file, and `<` before the name has the file read. Here
    it holds something else, such as the name alone, or the `<` stands inside quotes.

    Why it matters: no CA is known and every client certificate is refused. Nothing is logged, and logins with a
    password go on, so that it looks as if the clients were at fault.

    How to mend it: put `<` before the name, outside of any quotes: `ssl_ca = </etc/ssl/clients-ca.pem`.

    When to ignore it: never. Where no client is asked for a certificate it is reported as low, as nothing uses it.

    Sources: Dovecot manual, SSL configuration, ssl_ca; tried on Dovecot 2.3.19.1.
    """

    name = "ca-file-marker-missing"
    severity = Severity.HIGH
    versions = "2.2, 2.3"
    tags = ("tls",)

    def check(self, dovecot: Dovecot) -> Iterator[Finding | NotChecked]:
        """Yield the CA settings that hold no PEM text and no file, wherever TLS is on."""
        if dovecot.dialect != "2.3":
            return
        asking = {context.ca for context in dovecot.tls_contexts if context.asks}
        for setting, where in dovecot.tls_settings("ca").items():
            if not setting.literal:
                yield self.not_checked(f"{setting.origin}: {setting.name}", "its value comes from the environment")
            elif lacks_marker(setting):
                yield self.finding(
                    setting.origin,
                    f"no client certificate is ever accepted{where}: `{setting.name}` holds the name of a file, not its"
                    " contents, as there is no `<` before the name",
                    advice=f"write `{setting.name} = <` and the name behind it, without quotes",
                    severity=Severity.HIGH if setting in asking else Severity.LOW,
                    subject=setting.name,
                    fix=with_marker(setting),
                )
