"""What certificates of clients are for in one Dovecot instance, and whether they can be it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from auditor.dovecot.configuration import Setting
from auditor.model.public_trust import PublicCas, public_cas
from auditor.model.tls import where
from auditor.model.vocabulary import is_true

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.model.dovecot import Dovecot
    from auditor.model.files import FileUse
    from auditor.model.tls import TlsContext


class ClientCertificates:
    """Certificate logins and what they rest on."""

    def __init__(self, dovecot: Dovecot) -> None:
        self.dovecot = dovecot

    @cached_property
    def wanted_by(self) -> Setting | None:
        """The setting that makes sense only with client certificates; None without one, and where nobody logs in."""
        if not self.dovecot.protocols:
            return None
        if external := self.dovecot.mechanisms.get("external"):
            return Setting("auth_mechanisms", "external", external.origin)
        setting = self.dovecot.get("auth_ssl_username_from_cert")
        return setting if setting is not None and is_true(setting.value) else None

    @cached_property
    def deciding_contexts(self) -> list[TlsContext]:
        """The connections on which a client's certificate decides about the login."""
        external = "external" in self.dovecot.mechanisms
        return [
            context
            for context in self.dovecot.tls_contexts
            if context.asks and context.has_ca and (context.certificate_counts or external)
        ]

    @cached_property
    def crl_checks_disabled(self) -> dict[Setting, list[TlsContext]]:
        """The settings that switch CRLs off where certificates decide, and the connections they are for."""
        found: dict[Setting, list[TlsContext]] = {}
        for context in self.deciding_contexts:
            if context.require_crl is not None and not context.checks_crl:
                found.setdefault(context.require_crl, []).append(context)
        return found

    @cached_property
    def required_by(self) -> dict[Setting, list[str]]:
        """What makes a certificate necessary, and for the logins of which protocols."""
        found: dict[Setting, list[str]] = {}
        for protocol in self.dovecot.protocols:
            setting = self.dovecot.get("auth_ssl_require_client_cert", self.dovecot.auth.scope(protocol))
            if setting is not None and is_true(setting.value):
                found.setdefault(setting, []).append(protocol)
        return found

    def requesting(self, protocol: str) -> list[Setting]:
        """Return the settings that say whether connections of a protocol are asked for certificates."""
        contexts = (context for context in self.dovecot.tls_contexts if context.scope.protocol == protocol)
        return list(dict.fromkeys(one for context in contexts if (one := context.request_client_cert) is not None))

    def asked_for_by(self, protocol: str) -> bool:
        """Whether clients of a protocol are asked for a certificate somewhere."""
        return any(context.asks for context in self.dovecot.tls_contexts if context.scope.protocol == protocol)

    def where(self, contexts: Sequence[TlsContext]) -> str:
        """Return the connections that these are, in words behind a blank."""
        return where(contexts, self.dovecot.protocols)

    @cached_property
    def deciding_ca_files(self) -> dict[FileUse, list[TlsContext]]:
        """The CA files by which certificates are verified where they decide, and the connections they are for."""
        found: dict[FileUse, list[TlsContext]] = {}
        for context in self.deciding_contexts:
            if use := self.dovecot.file_use(context.ca):
                found.setdefault(use, []).append(context)
        return found

    def public_cas(self, use: FileUse) -> PublicCas:
        """Return the public CAs that a file trusts."""
        return public_cas(self.dovecot.host, use.name)
