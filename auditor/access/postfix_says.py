"""What a client can choose to say to one smtpd service: the HELO names, addresses, logins and certificates that count.

One text stands for all that the tables treat alike. Of the texts that a table answers only those are tried that let a
client past: it has no reason to say what is refused.
"""

from __future__ import annotations

from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final

from auditor.access.postfix_answers import Text, Verdict, answer_of, choices
from auditor.access.postfix_session import FRESH_NAME, Destination, Shown
from auditor.files.tables import Kind, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from auditor.access.postfix_restrictions import Restrictions
    from auditor.model.smtpd import SmtpdService
    from auditor.postfix.restrictions import Restriction

MAX_DOMAINS: Final = 4
"""Domains of one list whose recipients are tried."""
SOMEBODY: Final = "somebody"
FRESH_MAIL: Final = Text(f"{SOMEBODY}@{FRESH_NAME}")
FRESH_HELO: Final = Text(FRESH_NAME)
FRESH_USER: Final = Text(SOMEBODY)
UNLISTED: Final = Text("")
"""The fingerprint of a certificate that no table has."""


class Says:
    """The choices of a client of one service; ``items`` are all restrictions that it may come to."""

    def __init__(self, service: SmtpdService, judge: Restrictions, items: Iterable[Restriction]) -> None:
        self._service = service
        self._judge = judge
        self._items: dict[str, dict[str, Restriction]] = {}
        self._names: set[str] = set()
        for item in items:
            name = item.name.lower()
            self._names.add(name)
            if item.argument:
                self._items.setdefault(name, {})[item.argument] = item

    @cached_property
    def helos(self) -> tuple[Text | None, ...]:
        """HELO names; None for none at all, where smtpd does not insist on one."""
        fresh = FRESH_HELO if self._service.is_on("smtpd_helo_required") else None
        if not self._service.restrictions("smtpd_helo_restrictions") and "check_helo_access" not in self._items:
            return (fresh,)
        return tuple(dict.fromkeys((fresh, FRESH_HELO, *self._chosen("check_helo_access", self._helo))))

    @cached_property
    def senders(self) -> tuple[Text, ...]:
        """Sender addresses; an empty text for the null sender."""
        if "check_sender_access" not in self._items:
            return (FRESH_MAIL,)
        return tuple(dict.fromkeys((FRESH_MAIL, Text(""), *self._chosen("check_sender_access", self._mail))))

    @cached_property
    def users(self) -> tuple[Text, ...]:
        """Names of users that are logged in."""
        return (FRESH_USER, *self._chosen("check_sasl_access", lambda key: key or None))

    def recipients(self, destination: Destination) -> tuple[Text, ...]:
        """Return addresses in a destination; empty where no domain is one."""
        if destination is Destination.FOREIGN:
            fresh = [] if self._judge.is_final_for_all else [FRESH_NAME]
        elif destination is Destination.RELAY_DOMAIN:
            fresh = list(islice(self._judge.relay_domains.domains(), MAX_DOMAINS))
        else:
            fresh = [one for domains in self._judge.final_domains for one in islice(domains.domains(), MAX_DOMAINS)]
            fresh = fresh or ["this.host"]
        texts = [Text(f"{SOMEBODY}@{domain}") for domain in fresh]
        if "check_recipient_access" not in self._items:
            return tuple(texts[:1])
        if not texts:
            return ()

        def candidate(key: str) -> str | None:
            address = self._mail(key, fresh[0])
            return address if self._is_in(address, destination) else None

        return tuple(dict.fromkeys((*texts, *self._chosen("check_recipient_access", candidate))))

    @cached_property
    def certificates(self) -> tuple[Shown, ...]:
        """The certificates that a client can show, the easiest to get first; none where nobody is asked for one."""
        service = self._service
        if not service.asks_for_certificate:
            return ()
        if not self._goes_by_certificates and not service.requires_certificate:
            return ()
        fingerprints = [UNLISTED, *self._listed]
        trusted = [Shown(one, trusted=True) for one in fingerprints] if service.authorities.configured else []
        if service.requires_certificate:
            return tuple(trusted)
        untrusted = [Shown(one, trusted=False) for one in fingerprints if one.text or self._unlisted_counts]
        return (*untrusted, *trusted)

    @cached_property
    def refused_certificate(self) -> Shown | None:
        """A certificate that the CAs vouch for and that a table refuses."""
        for item in self._items.get("check_ccert_access", {}).values():
            table = self._service.postfix.tables.table(item)
            for entry in table.entries if isinstance(table, Table) and table.kind is Kind.EXACT else ():
                if answer_of(entry).verdict is Verdict.REFUSE:
                    return Shown(Text(entry.key), trusted=True)
        return None

    @property
    def _goes_by_certificates(self) -> bool:
        return bool(self._names & {"permit_tls_clientcerts", "permit_tls_all_clientcerts", "check_ccert_access"})

    @property
    def _goes_by_relay_clientcerts(self) -> bool:
        return bool(self._names & {"permit_tls_clientcerts", "permit_tls_all_clientcerts"})

    @cached_property
    def _unlisted_counts(self) -> bool:
        """Whether a certificate that is in no table gets another answer than none."""
        items = self._items.get("check_ccert_access", {}).values()
        answers = [self._judge.look_up(item, UNLISTED, own_choice=False) for item in items]
        if self._goes_by_relay_clientcerts:
            answers.append(self._judge.is_listed(UNLISTED))
        return any(answer.may_let_past for answer in answers)

    @cached_property
    def _listed(self) -> list[Text]:
        tables = [table for table in self._judge.relay_clientcerts if isinstance(table, Table)]
        found = list(self._chosen("check_ccert_access", lambda key: key or None))
        if self._goes_by_relay_clientcerts:
            first = (entry for table in tables if table.kind is Kind.EXACT for entry in table.entries)
            items = self._items.get("check_ccert_access", {}).values()
            effects: dict[object, Text] = {}
            for entry in first:
                text = Text(entry.key)
                effects.setdefault(tuple(self._judge.look_up(item, text).verdict for item in items), text)
            found += effects.values()
        return list(dict.fromkeys(found))

    def _chosen(self, name: str, candidate: Callable[[str], str | None]) -> list[Text]:
        """Return texts that the tables of one kind of check let past, one for each combination of answers."""
        items = self._items.get(name, {}).values()
        found = [self._service.postfix.tables.table(item) for item in items]
        tables = [table for table in found if isinstance(table, Table)]
        return choices(tables, candidate, lambda text: tuple(self._judge.look_up(item, text) for item in items))

    def _helo(self, key: str) -> str | None:
        if not key:
            return FRESH_NAME
        return f"{SOMEBODY}{key}" if key.startswith(".") and not self._judge.access_parents else key

    def _mail(self, key: str, domain: str = FRESH_NAME) -> str:
        """Return an address, in a domain if any will do, that a key answers (access(5), "EMAIL ADDRESS PATTERNS")."""
        if key in ("", "<>"):
            return f"{SOMEBODY}@{domain}" if not key else ""
        local, at, named = key.rpartition("@")
        if at:
            return f"{local or SOMEBODY}@{named or domain}"
        return f"{SOMEBODY}@{SOMEBODY}{key}" if key.startswith(".") else f"{SOMEBODY}@{key}"

    def _is_in(self, address: str, destination: Destination) -> bool:
        domain = address.rpartition("@")[2]
        if not domain:
            return False
        if destination is Destination.FOREIGN:
            return self._judge.is_foreign(domain)
        if destination is Destination.RELAY_DOMAIN:
            return domain in self._judge.relay_domains
        return any(domain in one for one in self._judge.final_domains)
