"""Certificate revocation lists: what they say, and what of them cannot be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from auditor.files import der
from auditor.files.certificates import (
    AuthorityKey,
    Name,
    Refused,
    attempt,
    authority_key,
    canonical_name,
    matches,
    parted,
    shown_name,
    utc,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from cryptography import x509

    from auditor.files.certificates import Certificate
    from auditor.files.pem import Block


class Coverage(Enum):
    """Which certificates of its issuer a CRL speaks about."""

    ALL = "all"
    SOME = "some"
    """A partition, or changes since another CRL: whether it is used depends on the certificate."""
    UNSUPPORTED = "unsupported"
    """Indirect, or for some reasons only: OpenSSL passes over it."""


@dataclass(frozen=True, eq=False)
class Crl:
    """One CRL of a file. Times are in UTC; ``issuer`` may be shown as it is; ``count`` is how many serials it lists."""

    block: Block
    issuer: str
    last_update: datetime
    next_update: datetime | None
    count: int
    number: int | None
    coverage: Coverage
    unknown_critical: bool
    """Whether it has a critical extension that OpenSSL does not know."""
    issuer_name: Name = field(repr=False)
    authority: AuthorityKey = field(repr=False)
    x509: x509.CertificateRevocationList = field(repr=False)

    @cached_property
    def serials(self) -> frozenset[int]:
        """The serial numbers that it lists."""
        return attempt(lambda: frozenset(one.serial_number for one in self.x509)) or frozenset()

    def is_current(self, now: datetime) -> bool:
        """Whether a time lies between its dates."""
        return self.last_update <= now and (self.next_update is None or now <= self.next_update)

    def is_by(self, ca: Certificate) -> bool:
        """Whether its issuer's name and key identifier are those of a CA."""
        return self.issuer_name == ca.subject_name and matches(self.authority, ca)


def read_crls(blocks: Iterable[Block]) -> tuple[list[Crl], list[Refused]]:
    """Return the CRLs of blocks that hold one, and the blocks that cannot be read."""
    return parted(map(read_crl, blocks))


def read_crl(block: Block) -> Crl | Refused:
    """Return the CRL of a block, or why it cannot be read."""
    if block.error:
        return Refused(block, block.error, certain=True)
    data = der.whole(block.der)
    if data is None:
        return Refused(block, "its contents are damaged", certain=not der.is_well_formed(block.der))
    return attempt(lambda: _crl(block, data)) or Refused(block, "it is not a CRL that can be read here", certain=False)


def _crl(block: Block, data: bytes) -> Crl:
    from cryptography import x509

    loaded = x509.load_der_x509_crl(data)
    extensions = {extension.oid.dotted_string: extension.value for extension in loaded.extensions}
    unknown = any(one.critical and isinstance(one.value, x509.UnrecognizedExtension) for one in loaded.extensions)
    number = extensions.get("2.5.29.20")
    last_update = utc(loaded, "last_update")
    if last_update is None:
        raise ValueError
    return Crl(
        block=block,
        issuer=shown_name(loaded.issuer),
        last_update=last_update,
        next_update=utc(loaded, "next_update"),
        count=len(loaded),
        number=number.crl_number if number else None,
        coverage=_coverage(extensions.get("2.5.29.28"), "2.5.29.27" in extensions),
        unknown_critical=unknown,
        issuer_name=canonical_name(loaded.issuer),
        authority=authority_key(extensions.get("2.5.29.35")),
        x509=loaded,
    )


def _coverage(point: Any, is_delta: bool) -> Coverage:
    """Read the extension issuingDistributionPoint (RFC 5280, section 5.2.5)."""
    if point is None:
        return Coverage.SOME if is_delta else Coverage.ALL
    if point.indirect_crl or point.only_some_reasons:
        return Coverage.UNSUPPORTED
    partial = (
        point.only_contains_user_certs
        or point.only_contains_ca_certs
        or point.only_contains_attribute_certs
        or point.full_name
        or point.relative_name
    )
    return Coverage.SOME if partial or is_delta else Coverage.ALL
