"""The CAs that something depends on: those by which clients are verified, and those sent with the server's."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.files.certificates import Certificate
    from auditor.model.files import FileUse
    from auditor.model.server_certificates import ServerCertificate
    from auditor.model.trust import ClientTrust
    from auditor.text import Span


class Authority(NamedTuple):
    """A CA, the setting whose file holds it, and where in the file.

    ``effect`` says what happens when it ends; ``counts`` whether that is felt by somebody.
    """

    ca: Certificate
    use: FileUse
    line: Span
    effect: str
    counts: bool


def authorities(served: Iterable[ServerCertificate], trusts: Iterable[ClientTrust]) -> Iterator[Authority]:
    """Yield the CAs; a root that is sent is left out, because clients go by their own copy."""
    for trust in trusts:
        if trust.fault is None:
            use = trust.asking_use or trust.uses[0]
            for ca in trust.cas_in_use:
                yield Authority(ca, use.file, trust.line_of(ca), "no client certificate of it is accepted", use.asks)
    for found in served:
        for ca, line in found.path[1:]:
            if not ca.is_self_issued:
                yield Authority(ca, found.use, line, f"clients refuse {found.leaf.subject}", found.for_users)
