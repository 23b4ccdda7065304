"""An indexed SNI map with private keys that others read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Confidence, Severity
from auditor.model.fixes import all_of, closed_to_others
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class SniMapDbExposesKeys(HostRule):
    """The indexed file of an SNI map holds private keys, and others can read it.

    What: tls_server_sni_maps names an indexed table. `postmap -F` put the contents of the key files into it, so
    that the mode of the index counts as well as that of the keys; postmap gives it the mode of the text. Here every
    user of the host can read it, or it is committed to a git repository.

    Why it matters: `postmap -s` shows every key to any local user.

    How to mend it: mode 0600 for the text, then for the index; and replace the keys.

    When to ignore it: never.

    Sources: postconf(5), tls_server_sni_maps (postmap -F); postmap(1), -F.
    """

    name = "sni-map-db-exposes-keys"
    severity = Severity.HIGH
    confidence = Confidence.MEDIUM
    tags = ("files", "secret")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the SNI maps whose keys others can read."""
        for table in host.tables:
            if table.parameter == "tls_server_sni_maps" and host.has_index(table):
                what = "an SNI map with private keys in it"
                fix = all_of(closed_to_others(host, table.indexed_file), closed_to_others(host, table.name))
                yield from self.exposed(host, table.indexed_file, what, table.origin, fix=fix)
