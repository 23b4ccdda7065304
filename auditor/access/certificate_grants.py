"""What client certificates give at an smtpd service because its CAs vouch for them, whoever holds them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.access.postfix_session import Destination
from auditor.access.rows import Certificate, Revocable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.access.facts import Unknown
    from auditor.access.postfix_ways import SmtpdWays, Way
    from auditor.postfix.restrictions import Restriction
    from auditor.text import Origin

ALL_CERTIFICATES: Final = "permit_tls_all_clientcerts"
_BY_LIST: Final = frozenset({Certificate.LISTED, Certificate.LISTED_AND_TRUSTED})


class Gain(Enum):
    """What a client gets; the value says it in a sentence that ends with the names of services."""

    RELAY = "may relay mail through"
    """It may send mail to foreign domains."""
    ENTRY = "is let in where others are refused, at"
    """It is let in where clients without a certificate are refused."""


class CertificateGrant(NamedTuple):
    """What a service gives to every certificate that its CAs vouch for, and the place that makes it so.

    ``by_permit`` says that permit_tls_all_clientcerts does, else it is smtpd_tls_req_ccert. ``also_needed`` is the
    restriction that refuses those who have nothing but such a certificate. ``unread`` are tables of fingerprints in
    front of it that cannot be read.
    """

    gain: Gain
    origin: Origin
    by_permit: bool
    also_needed: Restriction | None
    revocable: Revocable
    unread: tuple[Unknown, ...]


def certificate_grant(service: SmtpdWays) -> CertificateGrant | None:
    """Return what certificates of the trusted CAs give to most of those who come from elsewhere; None for nothing."""
    most = service.most_clients
    ways = [way for way in service.ways if most and way.addresses.covers(most.addresses) and not way.outcome.relied_on]
    trusted = [way for way in ways if way.principal.kind is Certificate.TRUSTED]
    alone = [way for way in trusted if way.principal.user is None]
    local = [way for way in ways if way.destination is Destination.LOCAL]
    relaying = [way for way in alone if way.destination is Destination.FOREIGN]
    if relaying:
        return _grant(service, Gain.RELAY, relaying[0])
    if any(way.is_anonymous for way in local):
        return None
    entering = [way for way in (*alone, *trusted) if way in local]
    return _grant(service, Gain.ENTRY, entering[0]) if entering else None


def _grant(service: SmtpdWays, gain: Gain, way: Way) -> CertificateGrant:
    permits = (one.item.origin for one in way.outcome.permits if one.item.name.lower() == ALL_CERTIFICATES)
    permit = next(permits, None)
    also_needed = service.run.outcome(way.session._replace(user=None)).refused_by if way.principal.user else None
    return CertificateGrant(
        gain,
        permit or service.service.get("smtpd_tls_req_ccert").origin,
        permit is not None,
        also_needed,
        revocable(service, way),
        _unread(service, way),
    )


def greatest_gain(services: Iterable[SmtpdWays]) -> tuple[Gain | None, list[SmtpdWays]]:
    """Return the most that some services give for a certificate alone, None for nothing, and those which do."""
    by_gain: dict[Gain | None, list[SmtpdWays]] = {}
    for service in services:
        grant = service.grant
        by_gain.setdefault(grant.gain if grant and not grant.also_needed else None, []).append(service)
    return next((gain, by_gain[gain]) for gain in (*Gain, None) if gain in by_gain)


def revocable(service: SmtpdWays, way: Way) -> Revocable:
    """Return whether a certificate by which somebody comes can be taken back; Postfix looks at no CRL."""
    kind = way.principal.kind
    if kind.is_open:
        return Revocable.NOT_APPLICABLE
    if kind in _BY_LIST:
        return Revocable.BY_LIST
    refused = service.says.refused_certificate
    if refused and not service.run.outcome(way.session._replace(certificate=refused)).taken:
        return Revocable.BY_LIST
    return Revocable.UNKNOWN if _unread(service, way) else Revocable.NO


def _unread(service: SmtpdWays, way: Way) -> tuple[Unknown, ...]:
    """Return the tables that are looked at on a way, cannot be read, and may refuse the certificate."""
    by_fingerprint = (one for one, item in service.unread_tables.items() if item.name.lower() == "check_ccert_access")
    return tuple(one for one in by_fingerprint if one in way.outcome.doubts)
