"""Logins by certificate: the passdbs that EXTERNAL gets to, and whom it can let in there."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.access.logins import AuthService, Login
    from auditor.model.passdb import Passdb


class CertificateLogins:
    """What EXTERNAL does at some services, whether or not they offer it, and whether or not they get a name for it."""

    def __init__(self, services: Iterable[AuthService]) -> None:
        self._services = tuple(services)

    @cached_property
    def passdbs(self) -> tuple[Passdb, ...]:
        """The passdbs that it gets to, but for those of master users."""
        asked = (passdb for service in self._services for passdb in service.asked("external"))
        return tuple(dict.fromkeys(passdb for passdb in asked if not passdb.is_master))

    @cached_property
    def logins(self) -> tuple[Login, ...]:
        """The logins that succeed, or may succeed, by a name from a certificate."""
        return tuple(login for service in self._services for login in service.compared("EXTERNAL"))

    def why_not(self, passdb: Passdb) -> str:
        """Return what keeps every user of a passdb from logging in so."""
        if not passdb.admits("external"):
            return f"its `{passdb.filter_setting}` keeps EXTERNAL out"
        if passdb not in self.passdbs:
            return "EXTERNAL logins do not get to it"
        return "no user of it has `nopassword` or an empty plain password"
