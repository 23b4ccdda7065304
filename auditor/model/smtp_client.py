"""The SMTP client by which mail leaves, as rules see it: where it delivers, and how it uses TLS."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

from auditor.model.postfix_service import PostfixService
from auditor.model.smtpd import is_loopback, is_out_of_reach

if TYPE_CHECKING:
    from auditor.postfix.configuration import Parameter
    from auditor.text import Origin

MANDATORY: Final = frozenset({"encrypt", "fingerprint", "verify", "secure", "dane-only"})
"""Levels at which nothing is delivered without TLS (postconf(5), smtp_tls_security_level)."""
BY_CAS: Final = frozenset({"verify", "secure"})
"""Levels at which CAs decide whether the server is the right one."""
AUTHENTICATED: Final = frozenset({"fingerprint", "verify", "secure", "dane-only"})
"""Levels at which the server is known to be the right one before anything is sent."""
_HOST: Final = re.compile(r"\[(?P<bracketed>[^\[\]]*)\](?::.*)?|(?P<host>[^:]*)(?::.*)?")


class SmtpClient(PostfixService):
    """The smtp service that default_transport names.

    Where there is no master.cf, ``service`` is None: what is said is then about the smtp client of every
    distribution's master.cf.
    """

    @cached_property
    def relay(self) -> Parameter | None:
        """The parameter that sends all mail to one host: default_transport with a next hop, or relayhost."""
        for name in ("default_transport", "relayhost"):
            parameter = self.postfix.configuration.get(name)
            value = parameter.effective.strip()
            if value.partition(":")[2] if name == "default_transport" else value:
                return parameter
        return None

    @property
    def relay_is_here(self) -> bool:
        """Whether all mail goes to a program on the same host."""
        return is_loopback(self._relay_host)

    @property
    def relay_is_near(self) -> bool:
        """Whether all mail goes to an address in a private network."""
        return is_out_of_reach(self._relay_host)

    @property
    def _relay_host(self) -> str:
        if self.relay is None:
            return ""
        value = self.relay.effective.strip()
        next_hop = value.partition(":")[2] if self.relay.name == "default_transport" else value
        match = _HOST.fullmatch(next_hop)
        return (match["bracketed"] or match["host"] or "") if match else ""

    @cached_property
    def tls_level(self) -> str:
        """The security level for servers without a policy of their own (global_tls_level, smtp_tls_policy.c)."""
        level = self.get("smtp_tls_security_level").effective.lower()
        if level:
            return level
        if self.is_on("smtp_enforce_tls"):
            return "verify" if self.is_on("smtp_tls_enforce_peername") else "encrypt"
        return "may" if self.is_on("smtp_use_tls") else "none"

    @property
    def tls_parameter(self) -> Parameter:
        """The parameter that decides the level."""
        for name in ("smtp_tls_security_level", "smtp_enforce_tls", "smtp_use_tls"):
            parameter = self.get(name)
            if parameter.effective and parameter.origin.span and parameter.effective.lower() != "no":
                return parameter
        return self.get("smtp_tls_security_level")

    @property
    def has_cas(self) -> bool:
        """Whether it trusts any CA."""
        named = any(self.get(name).effective.strip() for name in ("smtp_tls_CAfile", "smtp_tls_CApath"))
        return named or self.is_on("tls_append_default_CA")

    @property
    def tls_policies(self) -> Parameter | None:
        """The tables that give some servers other levels, where there are any."""
        for name in ("smtp_tls_policy_maps", "smtp_tls_per_site"):
            if (parameter := self.get(name)).effective.strip():
                return parameter
        return None

    @property
    def origin(self) -> Origin:
        """Where its TLS level is said."""
        return self.tls_parameter.origin
