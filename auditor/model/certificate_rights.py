"""What client certificates give at an smtpd service: relaying, or entry where others are refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Final

from auditor.files.tables import UnreadableTable
from auditor.model.access_tables import named_restrictions, place, refuses

if TYPE_CHECKING:
    from auditor.model.smtpd import SmtpdService
    from auditor.postfix.restrictions import Restriction
    from auditor.text import Origin

ACCESS_LISTS: Final = (
    "smtpd_client_restrictions",
    "smtpd_helo_restrictions",
    "smtpd_sender_restrictions",
    "smtpd_relay_restrictions",
    "smtpd_recipient_restrictions",
)
"""The lists that a recipient must pass, every one of them (smtpd_check.c, smtpd_check_rcpt)."""
OTHER_LISTS: Final = (
    "smtpd_data_restrictions",
    "smtpd_end_of_data_restrictions",
    "smtpd_etrn_restrictions",
)
ALL_CERTIFICATES: Final = "permit_tls_all_clientcerts"
LISTED_CERTIFICATES: Final = frozenset({"permit_tls_clientcerts", "check_ccert_access"})
"""Restrictions that go by the fingerprints of certificates, whoever issued them."""
REFUSALS: Final = frozenset({"reject", "defer", "defer_if_permit"})
"""Restrictions that refuse whatever reaches them (SMTPD_ACCESS_README; smtpd_check.c, generic_checks)."""
RELAY_REFUSALS: Final = REFUSALS | {"reject_unauth_destination", "defer_unauth_destination", "check_relay_domains"}
"""Restrictions that refuse whatever is for a foreign domain."""


class Right(Enum):
    """What a client gets; the value says it in a sentence that ends with the names of services."""

    RELAY = "may relay mail through"
    """It may send mail to foreign domains."""
    ENTRY = "is let in where others are refused, at"
    """It is let in where clients without a certificate are refused."""


@dataclass(frozen=True, slots=True)
class CertificateGrant:
    """What a service gives to every certificate that its CAs vouch for, and by what.

    ``also_needed`` is the restriction that refuses those who have nothing but such a certificate.
    """

    right: Right
    name: str
    origin: Origin
    also_needed: Restriction | None = None


class CertificateRights:
    """What one service gives to client certificates.

    Looked at is a client that is known by nothing but its certificate. What refuses only some clients, such as a
    blocklist, does not count as refusing it, and a table as permitting it if any of its entries does.
    """

    def __init__(self, service: SmtpdService) -> None:
        self._service = service

    @cached_property
    def access_restrictions(self) -> tuple[Restriction, ...]:
        """What stands in the lists that a recipient must pass."""
        return tuple(item for name in ACCESS_LISTS for item in self._service.restrictions(name))

    @cached_property
    def restrictions(self) -> tuple[tuple[str, Origin], ...]:
        """Every restriction of any list that looks at client certificates, by name, with its place."""
        others = (item for name in OTHER_LISTS for item in self._service.restrictions(name))
        found: dict[tuple[str, Origin], None] = {}
        for item in (*self.access_restrictions, *others):
            word = item.name.lower()
            if word in LISTED_CERTIFICATES:
                found[word, item.origin] = None
            elif origin := self._permits_all(item):
                found[ALL_CERTIFICATES, origin] = None
        return tuple(found)

    @cached_property
    def unknown_tables(self) -> tuple[tuple[Restriction, str], ...]:
        """The tables of its access lists that cannot be read, and why."""
        found = ((item, self._service.postfix.tables.table(item)) for item in self.access_restrictions)
        return tuple((item, str(table)) for item, table in found if isinstance(table, UnreadableTable))

    @cached_property
    def goes_by_fingerprints(self) -> bool:
        """Whether one of its access lists looks at the fingerprints of certificates."""
        return any(item.name.lower() in LISTED_CERTIFICATES for item in self.access_restrictions)

    @property
    def refuses_some(self) -> bool | None:
        """Whether a table of fingerprints refuses some certificates before the grant, as one does to revoke them.

        None when the table cannot be read.
        """
        for item in self.access_restrictions:
            if self.grant and item.origin == self.grant.origin:
                return False
            if item.name.lower() != "check_ccert_access" or item.warn_only:
                continue
            if isinstance(self._service.postfix.tables.table(item), UnreadableTable):
                return None
            if any(map(refuses, self._service.postfix.tables.results(item))):
                return True
        return False

    @cached_property
    def grant(self) -> CertificateGrant | None:
        """What every certificate of the trusted CAs gets here, None when it gets nothing."""
        if not self._service.asks_for_certificate or not self._service.authorities.configured:
            return None
        if origin := self._permitted(RELAY_REFUSALS):
            return CertificateGrant(Right.RELAY, ALL_CERTIFICATES, origin)
        if origin := self._permitted(REFUSALS):
            return CertificateGrant(Right.ENTRY, ALL_CERTIFICATES, origin)
        if self._service.requires_certificate:
            required, stopped = self._service.get("smtpd_tls_req_ccert"), self._refusal(REFUSALS, certified=True)
            return CertificateGrant(Right.ENTRY, required.name, required.origin, also_needed=stopped)
        return None

    @property
    def permit_for_all(self) -> Origin | None:
        """The permit_tls_all_clientcerts that decides, None when none does."""
        return self.grant.origin if self.grant and self.grant.name == ALL_CERTIFICATES else None

    @property
    def unrevocable(self) -> Origin | None:
        """What lets certificates past by their CA alone, with no list of fingerprints that could take one out."""
        if self.grant is None or self.refuses_some is not False:
            return None
        return None if self.grant.also_needed and self.goes_by_fingerprints else self.grant.origin

    @property
    def right(self) -> Right | None:
        """What a trusted certificate gives without anything else, such as a password."""
        return self.grant.right if self.grant and not self.grant.also_needed else None

    def _permitted(self, refusals: frozenset[str]) -> Origin | None:
        """Return the permit that lets certified clients past what refuses the others."""
        refusal = self._refusal(refusals, certified=False)
        if refusal is None or self._refusal(refusals, certified=True):
            return None
        for name in ACCESS_LISTS:
            items = self._service.restrictions(name)
            if any(item is refusal for item in items):
                return next(filter(None, map(self._permits_all, items)), None)
        return None

    def _refusal(self, refusals: frozenset[str], *, certified: bool) -> Restriction | None:
        """Return what refuses a client that is not known otherwise, with or without a trusted certificate."""
        for name in ACCESS_LISTS:
            for item in self._service.restrictions(name):
                word = item.name.lower()
                if word == "permit" or (certified and self._knows_certificate(name) and self._permits_all(item)):
                    break
                # warn_if_reject takes the effect from what refuses only, never from what permits.
                if word in refusals and not item.warn_only:
                    return item
        return None

    def _knows_certificate(self, list_name: str) -> bool:
        """Whether TLS has begun when a list is looked at; a client rejected at once never says STARTTLS."""
        service = self._service
        early = list_name == "smtpd_client_restrictions" and not service.is_on("smtpd_delay_reject")
        return not early or service.is_on("smtpd_tls_wrappermode")

    def _permits_all(self, item: Restriction) -> Origin | None:
        """Return the place of permit_tls_all_clientcerts: the restriction itself, or an entry of its access table."""
        if item.name.lower() == ALL_CERTIFICATES:
            return item.origin
        for result, entry in self._service.postfix.tables.results(item).items():
            if self._names_all_certificates(result):
                return place(entry, item)
        return None

    def _names_all_certificates(self, result: str) -> bool:
        for word in named_restrictions(result):
            if word.lower() == ALL_CERTIFICATES:
                return True
            if word in self._classes:
                return any(item.name.lower() == ALL_CERTIFICATES for item in self._service.restrictions(word))
        return False

    @cached_property
    def _classes(self) -> frozenset[str]:
        return frozenset(named_restrictions(self._service.get("smtpd_restriction_classes").effective))
