"""The protocol versions and ciphers that a program of Postfix uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.model.smtp_client import AUTHENTICATED, MANDATORY, SmtpClient
from auditor.model.smtpd import SmtpdService, TlsLevel
from auditor.model.tls_protocols import from_words
from auditor.model.tls_strength import Ciphers, read_ciphers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.openssl import OpenSsl
    from auditor.model.postfix import Postfix
    from auditor.postfix.configuration import Parameter

_LISTS: Final = ("high", "medium", "low", "export", "null")
"""The grades that have a cipher list of their own; ``low`` and ``export`` lost theirs with 3.8 (tls_misc.c)."""


class TlsUse(NamedTuple):
    """TLS of one service: an smtpd service, or the client that mail leaves by."""

    reader: SmtpdService | SmtpClient
    side: str
    """What its parameters begin with: ``smtpd`` or ``smtp``."""
    is_mandatory: bool
    """Whether nothing is sent without TLS; else weak TLS is better than clear text."""

    def get(self, name: str) -> Parameter:
        """Return a parameter such as ``tls_protocols`` of this side, in the form for mandatory TLS where it is."""
        kind = "tls_mandatory_" if self.is_mandatory else "tls_"
        return self.reader.get(f"{self.side}_{kind}{name}")

    @property
    def level(self) -> int:
        """OpenSSL's security level: 1 where Postfix authenticates the peer (tls_server.c, tls_client.c), else 0."""
        if isinstance(self.reader, SmtpdService):
            return int(self.reader.requires_certificate)
        return int(self.reader.tls_level in AUTHENTICATED)

    @property
    def protocols(self) -> tuple[str, ...]:
        """The protocol versions that it allows, the oldest first."""
        return from_words(self.get("protocols").effective)

    @property
    def cipher_list(self) -> Parameter | None:
        """The parameter that holds the ciphers of its grade; None for a grade without one."""
        grade = self.get("ciphers").effective.lower()
        if grade not in _LISTS:
            return None
        parameter = self.reader.get(f"tls_{grade}_cipherlist")
        return parameter if parameter.effective else self.reader.get("tls_medium_cipherlist")

    def ciphers(self, openssl: OpenSsl) -> Ciphers | None:
        """Return what it can negotiate: the list of its grade without what is excluded (tls_set_ciphers)."""
        if self.cipher_list is None:
            return None
        names = [f"{self.side}_tls_exclude_ciphers"]
        names += [f"{self.side}_tls_mandatory_exclude_ciphers"] if self.is_mandatory else []
        excluded = " ".join(self.reader.get(name).effective for name in names)
        if isinstance(self.reader, SmtpdService) and self.reader.asks_for_certificate:
            excluded += " aNULL"
        words = excluded.replace(",", " ").replace(":", " ").split()
        return read_ciphers(":!".join([self.cipher_list.effective, *words]), openssl, level=self.level)


def tls_uses(postfix: Postfix) -> Iterator[TlsUse]:
    """Yield the TLS of every smtpd service, and of the client, where it is on."""
    for service in postfix.smtpd_services:
        if service.tls_level is not TlsLevel.NONE:
            yield TlsUse(service, "smtpd", service.tls_level is TlsLevel.ENCRYPT)
    client = postfix.smtp_client
    if client and client.tls_level != "none":
        yield TlsUse(client, "smtp", client.tls_level in MANDATORY)
