"""The clients of one smtpd service, parted by their addresses into sets that its restrictions treat alike."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from auditor.access.addresses import EVERYWHERE, AddressSet, parsed_address
from auditor.access.facts import Unknown
from auditor.access.match_lists import HostList, host_list
from auditor.access.postfix_answers import ERROR, PASS, PERMIT, Answer, Verdict, client_answers
from auditor.access.postfix_session import Client
from auditor.files.tables import Table
from auditor.syntax.postfix_lines import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.model.smtpd import SmtpdService
    from auditor.postfix.restrictions import Restriction

MAX_CLIENTS: Final = 200
"""Sets of addresses that a service treats differently, beyond which only the first restrictions part them."""


class Clients:
    """What the restrictions of one service make of addresses."""

    def __init__(self, service: SmtpdService) -> None:
        self._service = service

    def parted(self, items: Iterable[Restriction]) -> tuple[Client, ...]:
        """Part all addresses into sets that these restrictions treat alike."""
        found = [Client(EVERYWHERE, {})]
        for key, answers in self._address_answers(items):
            parted = [
                Client(common, {**client.answers, key: answer})
                for client in found
                for addresses, answer in answers
                if (common := client.addresses & addresses)
            ]
            if len(parted) > MAX_CLIENTS:
                why = Unknown(f"what {key} does", "there are too many sets of addresses")
                unknown = Answer(Verdict.UNKNOWN, unknown=(why,), may_permit=True)
                parted = [Client(client.addresses, {**client.answers, key: unknown}) for client in found]
            found = parted
        return tuple(found)

    def _address_answers(self, items: Iterable[Restriction]) -> Iterator[tuple[str, list[tuple[AddressSet, Answer]]]]:
        seen: set[str] = set()
        for item in items:
            key = address_key(item)
            if key is None or key in seen:
                continue
            seen.add(key)
            if key == "permit_mynetworks":
                yield key, self._of_mynetworks()
            elif key == "permit_inet_interfaces":
                yield key, _completed([(self.own_addresses, PERMIT)])
            elif isinstance(table := self._service.postfix.tables.table(item), Table):
                yield key, _completed([*client_answers(table, item.argument.partition("{")[0])])

    @cached_property
    def mynetworks(self) -> HostList:
        """What is in mynetworks; where it is left to its default, the host's own addresses at least."""
        parameter = self._service.get("mynetworks")
        if parameter.assignment is None:
            style = self._service.get("mynetworks_style")
            if style.effective.lower() == "host":
                return HostList(self.own_addresses)
            why = Unknown(
                f"which networks mynetworks_style = {style.effective} comes to ({style.origin})",
                "only the host's interfaces tell; write mynetworks out",
            )
            return HostList(self.own_addresses | AddressSet.of(["127.0.0.0/8"]), unknown=(why,))
        return host_list(self._service.postfix.host, parameter)

    def _of_mynetworks(self) -> list[tuple[AddressSet, Answer]]:
        found = self.mynetworks
        rest = Answer(Verdict.UNKNOWN, unknown=found.unknown, may_permit=True) if found.unknown else PASS
        return [
            (found.addresses, PERMIT),
            (found.failing, ERROR),
            (EVERYWHERE - found.addresses - found.failing, rest),
        ]

    @cached_property
    def own_addresses(self) -> AddressSet:
        """The host's own addresses, as far as inet_interfaces tells them (inet_addr_local.c, own_inet_addr.c)."""
        named = [word.text for word in words(self._service.postfix.configuration.get("inet_interfaces").effective)]
        return AddressSet.of(["127.0.0.1", "::1", *(one for one in named if parsed_address(one))])


def _completed(answers: list[tuple[AddressSet, Answer]]) -> list[tuple[AddressSet, Answer]]:
    rest = EVERYWHERE
    for addresses, _ in answers:
        rest -= addresses
    return [*answers, (rest, PASS)] if rest else answers


def address_key(item: Restriction) -> str | None:
    """Return what tells the restrictions that look at the client's address apart; None for any other."""
    name = item.name.lower()
    if name in ("permit_mynetworks", "permit_inet_interfaces"):
        return name
    return item.argument if name == "check_client_access" else None
