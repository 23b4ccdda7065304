"""A copy of a CRL that is older than the CA's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class CombinedFileStale(HostRule):
    """The file of client CAs holds an older CRL than the CA's folder.

    What: beside the CA's certificate in the file that the daemons are given stands a CRL, and the crl.pem of the
    same CA in its easy-rsa folder on this host is newer. The file is a copy that was not made again.

    Why it matters: what was revoked in between still logs in, and once the old CRL's nextUpdate is past, every
    certificate login fails.

    How to mend it: `cat pki/ca.crt pki/crl.pem` into the file, reload Dovecot, and do both in the script that calls
    `easyrsa gen-crl`.

    When to ignore it: never; a finding that comes and goes means that a job runs late.

    Sources: the article "Dovecot and Postfix with client cert auth" (the recipe with cat); RFC 5280, 5.1.2.4; tried
    on Dovecot 2.3.19.1 and 2.4.1.
    """

    name = "combined-file-stale"
    severity = Severity.HIGH
    tags = ("crl", "pki")

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield the files whose CRL is not the last one."""
        yield from self.unread(host.unread_client_trusts)
        for folder in host.pki_folders:
            newer, chosen = folder.newer_crl, folder.state.chosen
            if newer is None or chosen is None or not folder.trust.crl_use:
                continue
            let_in = len(newer.serials - chosen.serials)
            more = f": {let_in} revoked certificates still count" if let_in else ""
            yield self.finding(
                folder.use.file.origin,
                f"the CRL of {folder.ca.subject} in {folder.trust.path} is of {chosen.last_update:%Y-%m-%d},"
                f" that in {folder.name}/crl.pem of {newer.last_update:%Y-%m-%d}{more}",
                because=[(folder.trust.line_of(chosen), "the older CRL")],
                advice=f"make the file again: cat {folder.name}/ca.crt {folder.name}/crl.pem > {folder.trust.name}",
                severity=Severity.HIGH if let_in else Severity.MEDIUM,
                subject=folder.trust.name,
            )
