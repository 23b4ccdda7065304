"""Certificates that only clients with SNI get."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.server_names import named_certificates
from auditor.rule import DovecotRule
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Dovecot


class SniOnlyCertificates(DovecotRule):
    """Some certificates are shown only to clients that say which server they want.

    What: a local_name block has a certificate of its own. Clients that send no server name (SNI) get the default
    one.

    Why it matters: programs from before about 2010 and some scripts send none, and then see a certificate for
    another name. Nothing is wrong with it otherwise.

    How to mend it: let the default certificate cover all names, or give each name an address of its own (local
    blocks).

    When to ignore it: your users' programs are younger than that.

    Sources: Dovecot wiki, SSL/DovecotConfiguration (SNI); RFC 6066, 3; tried on Dovecot 2.3.19.1 and 2.4.1 without
    and with a name.
    """

    name = "sni-only-certificates"
    severity = Severity.INFO
    tags = ("tls",)

    def check(self, dovecot: Dovecot) -> Iterator[Finding | NotChecked]:
        """Yield the names with certificates of their own."""
        names = list(named_certificates(dovecot))
        if names:
            yield self.finding(
                names[0].own.origin,
                "clients that send no server name (SNI) do not get the certificate for"
                f" {shortened(', '.join(found.name for found in names))}",
                because=[(found.own.origin, "for another name") for found in names[1:]],
                advice="let the default certificate cover these names, if such clients come",
            )
