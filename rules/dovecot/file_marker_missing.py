"""A file name where the contents of the file should be."""

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


class FileMarkerMissing(DovecotRule):
    """A certificate, key or DH parameter setting lacks the "<" before its file name.

    What: in Dovecot 2.2 and 2.3 the settings `ssl_cert`, `ssl_key`, `ssl_alt_cert`, `ssl_alt_key` and `ssl_dh` hold the
    contents of a file, and `<` before the name has the file read. Here one of them holds something else, such as the
    name alone, or the `<` stands inside quotes, where it means nothing. A PEM text written out is as good as a file.

    Why it matters: the name is taken for a PEM text and every TLS handshake fails ("no valid PEM certificate"), while
    `doveconf -n` accepts it.

    How to mend it: put `<` before the name, outside of any quotes: `ssl_cert = </etc/ssl/certs/mail.pem`.

    When to ignore it: never. The `_file` settings of 2.4 are names without `<`, and this rule does not look at them.

    Sources: Dovecot manual, SSL configuration: "The < is mandatory"; each setting was tried on Dovecot 2.3.19.1.
    """

    name = "file-marker-missing"
    severity = Severity.CRITICAL
    versions = "2.2, 2.3"
    tags = ("tls", "outage")

    def check(self, dovecot: Dovecot) -> Iterator[Finding | NotChecked]:
        """Yield the settings that hold no PEM text and no file, wherever TLS is on."""
        if dovecot.dialect != "2.3":
            return
        for setting, where in dovecot.tls_settings("certificate", "key", "alt_certificate", "alt_key", "dh").items():
            if not setting.literal:
                yield self.not_checked(f"{setting.origin}: {setting.name}", "its value comes from the environment")
            elif lacks_marker(setting):
                yield self.finding(
                    setting.origin,
                    f"no TLS connection can be made{where}: `{setting.name}` holds the name of a file, not its"
                    " contents, as there is no `<` before the name",
                    advice=f"write `{setting.name} = <` and the name behind it, without quotes",
                    subject=setting.name,
                    fix=with_marker(setting),
                )
