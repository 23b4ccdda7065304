"""Certificate revocation lists, and what OpenSSL makes of them for each CA.

The judgement is that of ``X509_V_FLAG_CRL_CHECK`` with ``X509_V_FLAG_CRL_CHECK_ALL``, which Dovecot sets
(``ssl_iostream_ctx_verify_remote_cert`` in iostream-openssl-context.c), without ``X509_V_FLAG_EXTENDED_CRL_SUPPORT``:
``get_crl_sk``, ``get_crl_score`` and ``check_crl`` in OpenSSL's crypto/x509/x509_vfy.c.
"""

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
    shown_name,
    utc,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from cryptography import x509

    from auditor.files.certificates import Certificate
    from auditor.files.pem import Block


class CrlState(Enum):
    """What the CRL check finds for the certificates of one CA."""

    VALID = "valid"
    MISSING = "missing"
    """No CRL names the CA as its issuer."""
    WRONG_ISSUER = "wrong issuer"
    """The CRLs with the CA's name are those of another key or certificate of that name."""
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    BAD_SIGNATURE = "bad signature"
    UNUSABLE = "unusable"
    """OpenSSL refuses the CRL for another reason."""
    UNKNOWN = "unknown"
    """It cannot be decided here."""


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


@dataclass(frozen=True, slots=True, eq=False)
class CaCrl:
    """What the CRL check finds for one CA.

    ``chosen`` is the CRL that OpenSSL takes, ``others`` are those of the same issuer that it passes over. ``tied`` says
    that one of them would have been taken, had it stood further up in the file. ``mismatched`` are CRLs with the CA's
    name but not of its key.
    """

    ca: Certificate
    state: CrlState
    chosen: Crl | None = None
    others: tuple[Crl, ...] = ()
    tied: bool = False
    mismatched: tuple[Crl, ...] = ()
    why: str = ""
    """What makes it unusable or unknown."""

    @property
    def forgotten(self) -> frozenset[int]:
        """Serial numbers that a CRL lists which OpenSSL passes over, and the one it takes does not."""
        chosen = self.chosen.serials if self.chosen else frozenset()
        return frozenset().union(*(other.serials for other in self.others)) - chosen


def read_crls(blocks: Iterable[Block]) -> tuple[list[Crl], list[Refused]]:
    """Return the CRLs of blocks that hold one, and the blocks that cannot be read."""
    found: list[Crl] = []
    refused: list[Refused] = []
    for block in blocks:
        one = read_crl(block)
        if isinstance(one, Refused):
            refused.append(one)
        else:
            found.append(one)
    return found, refused


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


def judge(ca: Certificate, crls: Sequence[Crl], now: datetime) -> CaCrl:
    """Return what the CRL check finds for the certificates of a CA, given the CRLs that name its issuer.

    ``crls`` are those whose issuer has the CA's name, in the order of the file.
    """
    own = _without_copies([crl for crl in crls if crl.is_by(ca) and crl.coverage is not Coverage.UNSUPPORTED])
    mismatched = tuple(crl for crl in crls if not crl.is_by(ca))
    if not own:
        state = CrlState.WRONG_ISSUER if mismatched else CrlState.MISSING
        passed_over = len(mismatched) < len(crls)
        why = "OpenSSL passes over CRLs that are indirect or for some reasons only" if passed_over else ""
        return CaCrl(ca, state, mismatched=mismatched, why=why)
    # A critical extension counts more than a date, and a current CRL more than a newer one; the first wins a tie.
    ranks = [(not crl.unknown_critical, crl.is_current(now), crl.last_update) for crl in own]
    best = max(ranks)
    chosen = own[ranks.index(best)]
    others = tuple(crl for crl in own if crl is not chosen)
    state, why = _state(ca, chosen, now)
    if any(crl.coverage is Coverage.SOME for crl in own):
        state, why = CrlState.UNKNOWN, "a CRL covers only some of the CA's certificates"
    return CaCrl(ca, state, chosen, others, ranks.count(best) > 1, mismatched, why)


def _without_copies(crls: Iterable[Crl]) -> list[Crl]:
    """Return CRLs without those that stand there before; OpenSSL's store keeps one (``X509_STORE_add_crl``)."""
    return list({crl.block.der: crl for crl in reversed(list(crls))}.values())[::-1]


def _state(ca: Certificate, crl: Crl, now: datetime) -> tuple[CrlState, str]:
    if not ca.may_sign_crls:
        return CrlState.UNUSABLE, "the CA's key usage does not allow it to sign CRLs"
    if now < crl.last_update:
        return CrlState.NOT_YET_VALID, ""
    if crl.next_update is not None and crl.next_update < now:
        return CrlState.EXPIRED, ""
    key = ca.public_key()
    signed = attempt(lambda: bool(crl.x509.is_signature_valid(key))) if key is not None else None
    if signed is None:
        return CrlState.UNKNOWN, "its signature is of a kind that cannot be checked here"
    if not signed:
        return CrlState.BAD_SIGNATURE, ""
    if crl.unknown_critical:
        return CrlState.UNUSABLE, "it has a critical extension that OpenSSL does not know"
    return CrlState.VALID, ""
