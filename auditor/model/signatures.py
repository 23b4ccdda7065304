"""The signatures that the daemons and their clients rely on, and the hash that each rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.model.certificate_facts import signature_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.model.files import FileUse
    from auditor.model.server_certificates import ServerCertificate
    from auditor.model.trust import ClientTrust
    from auditor.text import Span


class Signature(NamedTuple):
    """What is signed, in words, the hash of its signature (``sha256``), the setting that names the file, and where."""

    what: str
    hash: str
    use: FileUse
    line: Span


def signatures(served: Iterable[ServerCertificate], trusts: Iterable[ClientTrust]) -> Iterator[Signature]:
    """Yield the signatures of what is shown to clients and of what clients are checked by, those of roots left out."""
    for found in served:
        for part in found.path:
            if not part.certificate.is_self_issued:
                what = f"the certificate of {part.certificate.subject}"
                yield Signature(what, signature_hash(part.certificate), found.use, part.line)
    for trust in trusts:
        use = trust.uses[0].file
        for ca in trust.file.cas:
            if not ca.is_self_issued:
                yield Signature(f"the certificate of {ca.subject}", signature_hash(ca), use, trust.line_of(ca))
        for crl in trust.file.crls:
            yield Signature(f"the CRL of {crl.issuer}", signature_hash(crl), use, trust.line_of(crl))
