"""What client certificates give at an smtpd service: relaying, or entry where others are refused."""

from __future__ import annotations

from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.files.tables import UnreadableTable
from auditor.model.access_tables import refuses
from auditor.postfix.restrictions import ACCESS_LISTS, ALL_LISTS, GUARDS
from auditor.syntax.postfix_lines import words
from auditor.text import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.smtpd import SmtpdService
    from auditor.postfix.restrictions import Restriction

ALL_CERTIFICATES: Final = "permit_tls_all_clientcerts"
LISTED_CERTIFICATES: Final = frozenset({"permit_tls_clientcerts", "check_ccert_access"})
"""Restrictions that go by the fingerprints of certificates, whoever issued them."""
REFUSALS: Final = frozenset({"reject", "defer", "defer_if_permit"})
"""Restrictions that refuse whatever reaches them (SMTPD_ACCESS_README; smtpd_check.c, generic_checks)."""
WITHOUT_ARGUMENT: Final = GUARDS | {"permit", "permit_tls_clientcerts", ALL_CERTIFICATES}
"""Restrictions that decide here, those with a table aside."""


class Right(Enum):
    """What a client gets; the value says it in a sentence that ends with the names of services."""

    RELAY = "may relay mail through"
    """It may send mail to foreign domains."""
    ENTRY = "is let in where others are refused, at"
    """It is let in where clients without a certificate are refused."""


class CertificateGrant(NamedTuple):
    """What a service gives to every certificate that its CAs vouch for, and by what.

    ``also_needed`` is the restriction that refuses those who have nothing but such a certificate.
    """

    right: Right
    name: str
    origin: Origin
    also_needed: Restriction | None = None


class _Step(NamedTuple):
    """A restriction that counts here: its name in lower case, and where it permits every certificate, if it does."""

    word: str
    item: Restriction
    permit: Origin | None


class CertificateRights:
    """What one service gives to client certificates.

    Looked at is a client that is known by nothing but its certificate. What refuses only some clients, such as a
    blocklist, does not count as refusing it, and a table as permitting it if any of its entries does.
    """

    def __init__(self, service: SmtpdService) -> None:
        self._service = service
        self._tables = service.postfix.tables

    @cached_property
    def restrictions(self) -> tuple[tuple[str, Origin], ...]:
        """Every restriction of any list that looks at client certificates, by name, with its place."""
        found: dict[tuple[str, Origin], None] = {}
        for step in (step for name in ALL_LISTS for step in self._steps_of(name)):
            if step.permit:
                found[ALL_CERTIFICATES, step.permit] = None
            elif step.word in LISTED_CERTIFICATES:
                found[step.word, step.item.origin] = None
        return tuple(found)

    @cached_property
    def unknown_tables(self) -> tuple[tuple[Restriction, str], ...]:
        """The tables of its access lists that cannot be read, and why."""
        found = ((step.item, self._tables.table(step.item)) for step in self._steps)
        return tuple((item, str(table)) for item, table in found if isinstance(table, UnreadableTable))

    @property
    def goes_by_fingerprints(self) -> bool:
        """Whether one of its access lists looks at the fingerprints of certificates."""
        return any(step.word in LISTED_CERTIFICATES for step in self._steps)

    @cached_property
    def refuses_some(self) -> bool | None:
        """Whether a table of fingerprints refuses some certificates before the grant, as one does to revoke them.

        None when the table cannot be read.
        """
        for step in self._steps:
            if self.grant and step.permit == self.grant.origin:
                return False
            if step.word == "check_ccert_access" and not step.item.warn_only:
                table = self._tables.table(step.item)
                if isinstance(table, UnreadableTable):
                    return None
                if table and any(map(refuses, table.results())):
                    return True
        return False

    @cached_property
    def grant(self) -> CertificateGrant | None:
        """What every certificate of the trusted CAs gets here, None when it gets nothing."""
        if not self._service.asks_for_certificate or not self._service.authorities.configured:
            return None
        if origin := self._permitted(GUARDS):
            return CertificateGrant(Right.RELAY, ALL_CERTIFICATES, origin)
        if origin := self._permitted(REFUSALS):
            return CertificateGrant(Right.ENTRY, ALL_CERTIFICATES, origin)
        if self._service.requires_certificate:
            required, stopped = self._service.get("smtpd_tls_req_ccert"), self._refusal(REFUSALS, certified=True)
            also = stopped.item if stopped else None
            return CertificateGrant(Right.ENTRY, required.name, required.origin, also_needed=also)
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
        steps = next(steps for steps in self._lists if any(step is refusal for step in steps))
        return next((step.permit for step in steps if step.permit), None)

    def _refusal(self, refusals: frozenset[str], *, certified: bool) -> _Step | None:
        """Return what refuses a client that is not known otherwise, with or without a trusted certificate."""
        for steps in self._lists:
            for step in steps:
                if step.word == "permit" or (certified and step.permit):
                    break
                # warn_if_reject takes the effect from what refuses only, never from what permits.
                if step.word in refusals and not step.item.warn_only:
                    return step
        return None

    @cached_property
    def _lists(self) -> tuple[tuple[_Step, ...], ...]:
        return tuple(self._steps_of(name) for name in ACCESS_LISTS)

    @property
    def _steps(self) -> Iterator[_Step]:
        return (step for steps in self._lists for step in steps)

    def _steps_of(self, list_name: str) -> tuple[_Step, ...]:
        known = self._knows_certificate(list_name)
        found: list[_Step] = []
        for item in self._service.restrictions(list_name):
            if not item.argument:
                word = item.name.lower()
                if word in WITHOUT_ARGUMENT:
                    found.append(_Step(word, item, item.origin if known and word == ALL_CERTIFICATES else None))
            elif self._tables.table(item):
                found.append(_Step(item.name.lower(), item, self._permit_in_table(item) if known else None))
        return tuple(found)

    def _knows_certificate(self, list_name: str) -> bool:
        """Whether TLS has begun when a list is looked at; a client rejected at once never says STARTTLS."""
        service = self._service
        early = list_name == "smtpd_client_restrictions" and not service.is_on("smtpd_delay_reject")
        return not early or service.is_on("smtpd_tls_wrappermode")

    def _permit_in_table(self, item: Restriction) -> Origin | None:
        entry = self._tables.entry_that_names(item, ALL_CERTIFICATES, self._permitting_classes)
        if entry is None:
            return None
        return Origin(entry.span) if entry.span else item.origin

    @cached_property
    def _permitting_classes(self) -> frozenset[str]:
        """The restriction classes that hold permit_tls_all_clientcerts."""
        classes = {word.text for word in words(self._service.get("smtpd_restriction_classes").effective)}
        return frozenset(
            name
            for name in classes
            if any(item.name.lower() == ALL_CERTIFICATES for item in self._service.restrictions(name))
        )
