"""What rules can propose for files of certificates and CRLs: their blocks in another order, or without some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.change import Fix, OrderBlocks
from auditor.files.pem import PemFile, read_pem
from auditor.text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.files.crls import Crl
    from auditor.files.pem import Block
    from auditor.model import AuditedHost
    from auditor.model.crl_check import CaCrl
    from auditor.model.server_certificates import ServerCertificate
    from auditor.model.trust import ClientTrust
    from auditor.text import Span


def chain_in_order(host: AuditedHost, found: ServerCertificate) -> Fix | None:
    """Write the server's certificate, then that of the CA that issued it, and so on, where one file holds them.

    What is no part of the chain is left out, which takes consent: it may be there for other clients.
    """
    file = read_pem(host.host, found.use.name)
    if len(found.files) > 1 or not isinstance(file, PemFile) or found.path_in_order == found.parts:
        return None
    fix = _rewritten(file, [part.certificate.block for part in found.path_in_order])
    if fix and found.server_behind_ca:
        fix = fix.opening()
    return fix.unsafe() if fix and len(found.path_in_order) < len(found.parts) else fix


def documented_order(trust: ClientTrust) -> Fix | None:
    """Write each CA with its CRLs behind it, the issuing ones before those that issued them."""
    wanted = [part.block for part in trust.file.in_documented_order]
    rest = [block for block in trust.file.file.pem.blocks if block not in wanted]
    return _rewritten(trust.file.file, [*wanted, *rest])


def newest_crl_only(trust: ClientTrust, found: CaCrl) -> Fix | None:
    """Keep the CRL of a CA with the highest number; nothing where another one revokes what that does not."""
    crls = [*([found.chosen] if found.chosen else []), *found.others]
    newest = max(crls, key=_newness)
    if any(crl.serials - newest.serials for crl in crls):
        return None
    dropped = [crl.block for crl in crls if crl is not newest]
    fix = _rewritten(trust.file.file, [block for block in trust.file.file.pem.blocks if block not in dropped])
    return fix.unsafe() if fix else None


def _newness(crl: Crl) -> tuple[int, int]:
    return crl.number or 0, len(crl.serials)


def _rewritten(file: PemFile, blocks: Sequence[Block]) -> Fix | None:
    """Return the fix that writes these blocks only; nothing for a file with a key, or with what cannot be read."""
    pem = file.pem
    if pem.keys or pem.errors or pem.stray or pem.nul_line or pem.cut:
        return None
    return Fix(
        f"write the blocks of {escaped(file.source.path)} in order",
        (OrderBlocks(tuple(_spans(file, pem.blocks)), tuple(_spans(file, blocks))),),
    )


def _spans(file: PemFile, blocks: Iterable[Block]) -> Iterable[Span]:
    return (file.span(block) for block in blocks)
