"""When the certificates and CRLs of a host end, for those who watch them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.files.certificates import read_certificates
from auditor.files.crls import read_crls
from auditor.files.pem import read_pem
from auditor.host import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from auditor.model.host import AuditedHost


class Expiry(NamedTuple):
    """The end of one certificate, or of one CRL: its file, whose it is, and when it ends, in UTC."""

    is_crl: bool
    path: str
    name: str
    """The certificate's subject, the CRL's issuer, as they may be shown."""
    ends: datetime


def expiries(host: AuditedHost) -> Iterator[Expiry]:
    """Yield the ends of the certificates and CRLs in every file that a daemon is given for TLS."""
    uses = (*host.certificate_files, *host.client_ca_files)
    for name in dict.fromkeys([use.name for use in uses] + [use.file.name for use in host.trust]):
        file = read_pem(host.host, name)
        if isinstance(file, Unreadable):
            continue
        for certificate in read_certificates(file.pem.certificates)[0]:
            yield Expiry(False, file.source.path, certificate.subject, certificate.not_after)
        for crl in read_crls(file.pem.crls)[0]:
            if crl.next_update is not None:
                yield Expiry(True, file.source.path, crl.issuer, crl.next_update)
