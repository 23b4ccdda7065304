"""Where clients connect to Dovecot to log in."""

from __future__ import annotations

import ipaddress
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.dovecot.configuration import Section
    from auditor.model.dovecot import Dovecot

LOGIN_SERVICES: Final = {
    "imap": "imap-login",
    "pop3": "pop3-login",
    "submission": "submission-login",
    "sieve": "managesieve-login",
}
"""The protocols whose clients log in, and their services; managesieve-login calls its protocol ``sieve``."""


class LoginListeners:
    """The inet_listener blocks of the login services of one Dovecot instance."""

    def __init__(self, dovecot: Dovecot) -> None:
        self.dovecot = dovecot

    @cached_property
    def _open(self) -> list[Section]:
        """Those of the protocols in effect that have a port; ``port = 0`` switches one off."""
        services = {LOGIN_SERVICES[protocol] for protocol in self.dovecot.protocols}
        blocks = [section for section in self.dovecot.configuration.sections("service") if section.name in services]
        port = self.dovecot.spelled("inet_listener_port")
        found = (listener for block in blocks for listener in block.sections("inet_listener"))
        return [listener for listener in found if (setting := listener.get(port)) is None or setting.value != "0"]

    @cached_property
    def only_on_loopback(self) -> bool:
        """Whether every one is bound to loopback addresses."""
        addresses = list(self._addresses())
        return bool(addresses) and all(map(_is_loopback, addresses))

    def _addresses(self) -> Iterator[str]:
        for element in self.dovecot.elements("listen"):
            yield from filter(None, element.name.split(","))
        for listener in self._open:
            if self.dovecot.dialect == "2.4":
                yield from (item.name for item in listener.items("listen"))
            elif setting := listener.get("address"):
                yield from setting.value.replace(",", " ").split()


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False
