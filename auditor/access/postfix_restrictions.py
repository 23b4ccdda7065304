"""What each restriction of smtpd does to a session.

Source: ``generic_checks`` of ``src/smtpd/smtpd_check.c``, the functions that it calls, and postconf(5).
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

from auditor.access.facts import Unknown
from auditor.access.match_lists import DomainList
from auditor.access.postfix_answers import (
    ERROR,
    PASS,
    PERMIT,
    REFUSE,
    Answer,
    Text,
    Verdict,
    helo_keys,
    mail_keys,
    text_answer,
)
from auditor.access.postfix_clients import address_key
from auditor.access.postfix_session import FRESH_NAME, Destination
from auditor.files.tables import Table, UnreadableTable
from auditor.postfix.defaults import version_numbers
from auditor.syntax.postfix_lines import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.access.postfix_session import Session
    from auditor.model.smtpd import SmtpdService
    from auditor.postfix.restrictions import Restriction

_SATISFIED: Final = re.compile(
    r"check_(?:client|helo|recipient|reverse_client_hostname|sender)_(?:a|mx|ns)_access|check_recipient_maps|sleep"
    r"|check_(?:reverse_client_hostname|etrn)_access|defer_if_reject|reject_multi_recipient_bounce"
    r"|reject_(?:(?:known_|authenticated_|unauthenticated_)?sender_login_mismatch|unauth_pipelining)"
    r"|reject_(?:rbl(?:_client)?|rhsbl_(?:client|helo|recipient|reverse_client|sender))"
    r"|reject_(?:invalid|non_fqdn|unknown)_(?:helo_)?hostname|reject_non_fqdn_(?:recipient|sender)"
    r"|reject_unknown_(?:address|client|client_hostname|reverse_client_hostname|recipient_domain|sender_domain)"
    r"|reject_(?:unlisted|unverified)_(?:recipient|sender)"
)
"""Restrictions that a client with a name of its own and a sender of its own passes; they permit nobody.

An ``OK`` from the check_*_{a,mx,ns}_access tables and from check_reverse_client_hostname_access is an error.
"""
_CONSTANT: Final = {
    "permit": PERMIT,
    "reject": REFUSE,
    "defer": REFUSE,
    "defer_if_permit": Answer(Verdict.DEFER),
}
_UNTOLD: Final = {
    "check_policy_service": "only the policy service knows its answers",
    "permit_dnswl_client": "only that DNS list tells",
    "permit_rhswl_client": "only that DNS list tells",
    "permit_mx_backup": "only the MX records of the recipient's domain tell",
}
"""Restrictions that only something that runs can answer, each with what that is."""
_OLD: Final = "this restriction of old releases is not run"
_GONE: Final = frozenset({"permit_naked_ip_address", "reject_maps_rbl"})
"""Restrictions that Postfix 3.9 took out, beside check_relay_domains: they answer 451 (DEPRECATION_README)."""


class Restrictions:
    """The restrictions of one service: the tables behind them, and what they answer."""

    def __init__(self, service: SmtpdService) -> None:
        self._service = service
        self._host = service.postfix.host
        self._answers: dict[tuple[str, str, Text], Answer] = {}
        parents = words(service.get("parent_domain_matches_subdomains").effective)
        self._parents = frozenset(word.text for word in parents)
        self.access_parents = "smtpd_access_maps" in self._parents
        """Whether a domain in an access table stands for those below it."""
        self._judges = {
            "permit_mynetworks": self._by_address,
            "permit_inet_interfaces": self._by_address,
            "check_client_access": self._by_address,
            "check_helo_access": self._by_what_is_said,
            "check_sender_access": self._by_what_is_said,
            "check_recipient_access": self._by_what_is_said,
            "permit_sasl_authenticated": self._by_login,
            "check_sasl_access": self._by_login,
            "permit_tls_all_clientcerts": self._by_certificate,
            "permit_tls_clientcerts": self._by_certificate,
            "check_ccert_access": self._by_certificate,
            "permit_auth_destination": self._by_destination,
            "reject_unauth_destination": self._by_destination,
            "defer_unauth_destination": self._by_destination,
            "check_relay_domains": self._by_destination,
            "reject_plaintext_session": self._by_encryption,
        }
        self._removed = version_numbers(service.postfix.version) >= (3, 9)

    def answer(self, item: Restriction, session: Session) -> Answer:
        """Return what a restriction does to a session."""
        name = item.name.lower()
        if _SATISFIED.fullmatch(name):
            return PASS
        if name in _CONSTANT:
            return _CONSTANT[name]
        if name in _UNTOLD or (name in _GONE and not self._removed):
            why = Unknown(f"{item.name} {item.argument} at {item.origin}".replace("  ", " "), _UNTOLD.get(name, _OLD))
            return Answer(Verdict.UNKNOWN, unknown=(why,), may_permit=name != "reject_maps_rbl")
        judge = self._judges.get(name)
        return judge(item, session) if judge else ERROR

    def _by_login(self, item: Restriction, session: Session) -> Answer:
        if session.user is None:
            return PASS
        return self.look_up(item, session.user) if item.argument else PERMIT

    def _by_certificate(self, item: Restriction, session: Session) -> Answer:
        """Return whether a certificate is let past: permit_tls_all_clientcerts looks at relay_clientcerts, too."""
        shown = session.certificate
        if shown is None:
            return PASS
        if item.argument:
            return self.look_up(item, shown.fingerprint, own_choice=False)
        every = item.name.lower() == "permit_tls_all_clientcerts"
        return PERMIT if every and shown.trusted else self.is_listed(shown.fingerprint)

    def _by_what_is_said(self, item: Restriction, session: Session) -> Answer:
        name = item.name.lower()
        said = {
            "check_helo_access": session.helo,
            "check_sender_access": session.sender,
            "check_recipient_access": session.recipient,
        }[name]
        return self.look_up(item, said, own_choice=name != "check_recipient_access") if said else PASS

    def _by_destination(self, item: Restriction, session: Session) -> Answer:
        if session.recipient is None:
            return PASS
        name = item.name.lower()
        if name == "check_relay_domains" and self._removed:
            return ERROR
        if session.destination is not Destination.FOREIGN or self.relays_to_all:
            return PERMIT if name in ("permit_auth_destination", "check_relay_domains") else PASS
        return PASS if name == "permit_auth_destination" else REFUSE

    def _by_encryption(self, _: Restriction, session: Session) -> Answer:
        return PASS if session.tls else REFUSE

    def _by_address(self, item: Restriction, session: Session) -> Answer:
        known = session.client.answers.get(address_key(item) or "")
        if known is not None:
            return known
        table = self._service.postfix.tables.table(item)
        return unread(item, table) if isinstance(table, UnreadableTable) else ERROR

    # --- Where a recipient is ---------------------------------------------------------------------------------------

    @cached_property
    def final_domains(self) -> tuple[DomainList, ...]:
        """The domains that this host is the final destination of (ADDRESS_CLASS_README)."""
        lists = ("mydestination", "virtual_alias_domains", "virtual_mailbox_domains")
        return tuple(DomainList(self._host, self._service.get(name), parents=False) for name in lists)

    @cached_property
    def relay_domains(self) -> DomainList:
        """The domains that this host relays to for anyone."""
        return DomainList(self._host, self._service.get("relay_domains"), parents="relay_domains" in self._parents)

    @cached_property
    def is_final_for_all(self) -> bool:
        """Whether this host is the final destination of every domain, so that none is a foreign one."""
        return any(FRESH_NAME in one for one in self.final_domains)

    @cached_property
    def relays_to_all(self) -> bool:
        """Whether a name that nobody wrote down is in relay_domains."""
        return FRESH_NAME in self.relay_domains

    def is_foreign(self, domain: str) -> bool:
        """Whether a domain is in none of the lists, as far as they can be read."""
        return not any(domain in one for one in (*self.final_domains, self.relay_domains))

    # --- Tables -----------------------------------------------------------------------------------------------------

    def look_up(self, item: Restriction, subject: Text, *, own_choice: bool = True) -> Answer:
        """Return what the table of check_{helo,sender,recipient,sasl,ccert}_access answers to a text."""
        name = item.name.lower()
        key = (name, item.argument, subject)
        if key not in self._answers:
            table = self._service.postfix.tables.table(item)
            if isinstance(table, Table):
                keys = self._keys(name)(subject.text)
                self._answers[key] = text_answer(table, subject, keys, own_choice=own_choice)
            else:
                self._answers[key] = ERROR if table is None else unread(item, table)
        return self._answers[key]

    def _keys(self, name: str) -> Callable[[str], Iterator[str]]:
        if name == "check_helo_access":
            return lambda text: helo_keys(text, parents=self.access_parents)
        if name in ("check_sender_access", "check_recipient_access"):
            return lambda text: mail_keys(text, parents=self.access_parents)
        return lambda text: iter([text])

    @cached_property
    def relay_clientcerts(self) -> tuple[Table | UnreadableTable, ...]:
        """The tables of the fingerprints that permit_tls_clientcerts lets past; any result will do."""
        names = words(self._service.get("relay_clientcerts").effective)
        return tuple(self._service.postfix.tables.named(word.text) for word in names)

    def is_listed(self, fingerprint: Text) -> Answer:
        """Return whether a fingerprint is in relay_clientcerts."""
        for table in self.relay_clientcerts:
            if isinstance(table, UnreadableTable):
                why = Unknown(f"relay_clientcerts at {self._service.get('relay_clientcerts').origin}", str(table))
                return Answer(Verdict.UNKNOWN, unknown=(why,), may_permit=True)
            found = text_answer(table, fingerprint, [fingerprint.text], own_choice=False)
            if found.verdict is Verdict.UNKNOWN:
                return found._replace(may_permit=True)
            if found.entry:
                return Answer(Verdict.PERMIT, entry=found.entry)
        return PASS


def unread(item: Restriction, table: UnreadableTable) -> Answer:
    """Return the answer of a table that cannot be read: it may be anything; an argument that is none is an error."""
    if ":" not in item.argument:
        return ERROR
    return Answer(Verdict.UNKNOWN, unknown=(Unknown(f"{item.name} at {item.origin}", str(table)),), may_permit=True)
