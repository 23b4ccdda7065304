"""A service of master.cf as rules see it: its name, and parameters as it sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.model.postfix import Postfix
    from auditor.postfix.configuration import Parameter, Service


class PostfixService:
    """A service that smtpd or the SMTP client runs for; ``service`` is None where there is no master.cf."""

    def __init__(self, postfix: Postfix, service: Service | None) -> None:
        self.postfix = postfix
        self.service = service

    def get(self, name: str) -> Parameter:
        """Return a parameter as this service sees it."""
        return self.postfix.configuration.get(name, self.service)

    def is_on(self, name: str) -> bool:
        """Whether a boolean parameter is ``yes`` for this service."""
        return is_yes(self.get(name))

    @property
    def name(self) -> str:
        """The service as master.cf names it."""
        return self.service.service if self.service else "smtp"


def is_yes(parameter: Parameter) -> bool:
    """Whether a boolean parameter is on: ``yes`` in any letter case (mail_conf_bool.c)."""
    return parameter.effective.lower() == "yes"
