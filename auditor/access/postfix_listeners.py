"""Where clients connect to Postfix: the inet services of master.cf that lead to an smtpd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.access.rows import Listener
from auditor.postfix.services import smtpd_address, smtpd_port
from auditor.syntax.postfix_lines import words
from auditor.text import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.postfix import Postfix
    from auditor.model.smtpd import SmtpdService
    from auditor.postfix.configuration import Service

LOOPBACK_ONLY: Final = ("127.0.0.1", "::1")
"""What ``inet_interfaces = loopback-only`` stands for (inet_addr_local.c)."""


def listeners(postfix: Postfix) -> Iterator[tuple[SmtpdService, Listener]]:
    """Yield every listener with the smtpd service behind it; one behind postscreen has the place of postscreen.

    Without a master.cf it is smtpd on port 25, as every distribution has it.
    """
    for smtpd in postfix.smtpd_services:
        if smtpd.service is None:
            yield smtpd, _listener(smtpd, "smtp", 25, Origin(default_of="master.cf"), _addresses(postfix, None))
        elif smtpd.service.type == "inet":
            yield smtpd, _of_service(postfix, smtpd, smtpd.service)
        elif smtpd.service.type == "pass":
            for screen in postfix.configuration.services:
                if screen.enabled and screen.program == "postscreen" and _passes_to(postfix, screen, smtpd.service):
                    yield smtpd, _of_service(postfix, smtpd, screen)


def _passes_to(postfix: Postfix, screen: Service, service: Service) -> bool:
    """Whether a postscreen hands its clients to a service (``smtpd_service_name``, postscreen.c)."""
    return (
        screen.type == "inet" and postfix.configuration.get("smtpd_service_name", screen).effective == service.service
    )


def _of_service(postfix: Postfix, smtpd: SmtpdService, service: Service) -> Listener:
    name = "postscreen" if service.program == "postscreen" else "smtpd"
    proxied = bool(postfix.configuration.get(f"{name}_upstream_proxy_protocol", service).effective)
    found = _listener(smtpd, service.service, smtpd_port(service), service.origin, _addresses(postfix, service))
    return found._replace(proxied=proxied)


def _listener(smtpd: SmtpdService, name: str, port: int | None, origin: Origin, addresses: tuple[str, ...]) -> Listener:
    service = name.rpartition(":")[2]
    return Listener("postfix", service, port, addresses, origin, wrapped=smtpd.is_on("smtpd_tls_wrappermode"))


def _addresses(postfix: Postfix, service: Service | None) -> tuple[str, ...]:
    """Return where a service listens: on its own address or on inet_interfaces, as the master has it (master_ent.c)."""
    if service and (address := smtpd_address(service)):
        return (address,)
    interfaces = postfix.configuration.get("inet_interfaces").effective
    named = (word.text for word in words(interfaces))
    return tuple(one for name in named for one in (LOOPBACK_ONLY if name.lower() == "loopback-only" else (name,)))
