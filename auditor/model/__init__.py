"""What the daemons do, as rules ask for it: the effective configuration and the files it names, judged once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.dovecot import Dovecot
from auditor.model.host import AuditedHost
from auditor.model.postfix import Postfix

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from auditor.dovecot.configuration import Configuration as DovecotConfiguration
    from auditor.host import Host
    from auditor.postfix.configuration import Configuration as PostfixConfiguration

__all__ = ["AuditedHost", "Dovecot", "Postfix", "build_model"]


def build_model(
    host: Host, dovecot: Sequence[DovecotConfiguration], postfix: Sequence[PostfixConfiguration], now: datetime
) -> AuditedHost:
    """Return the model of a host from its effective configurations; ``now`` is in UTC."""
    postfixes = tuple(Postfix(configuration, host) for configuration in postfix)
    asked = any(instance.asks_dovecot for instance in postfixes)
    dovecots = tuple(Dovecot(configuration, host, asked_by_postfix=asked) for configuration in dovecot)
    return AuditedHost(host, dovecots, postfixes, now)
