"""What OpenSSL makes of the CRLs of each CA.

The judgement is that of ``X509_V_FLAG_CRL_CHECK`` with ``X509_V_FLAG_CRL_CHECK_ALL``, which Dovecot sets
(``ssl_iostream_ctx_verify_remote_cert`` in iostream-openssl-context.c), without ``X509_V_FLAG_EXTENDED_CRL_SUPPORT``:
``get_crl_sk``, ``get_crl_score`` and ``check_crl`` in OpenSSL's crypto/x509/x509_vfy.c.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from auditor.files.certificates import attempt
from auditor.files.crls import Coverage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from auditor.files.certificates import Certificate
    from auditor.files.crls import Crl


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


class CaCrl(NamedTuple):
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
