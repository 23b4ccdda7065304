"""TLS of one Dovecot instance: its settings for every kind of connection, and the files that they name."""

from __future__ import annotations

import posixpath
from functools import cached_property
from typing import TYPE_CHECKING

from auditor.files.dh import dh_bits
from auditor.host import Unreadable
from auditor.model.dovecot_settings import DovecotSettings
from auditor.model.files import FileUse, KeyPair, TrustUse
from auditor.model.openssl import OpenSsl, openssl_of
from auditor.model.tls import TlsContext, where
from auditor.model.tls_strength import read_ciphers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.dovecot.configuration import Configuration, Scope, Setting
    from auditor.host import Host
    from auditor.model.tls_policy import Policy


class DovecotTls(DovecotSettings):
    """How one Dovecot instance does TLS. ``policy`` is what that is judged by."""

    def __init__(self, configuration: Configuration, host: Host, policy: Policy) -> None:
        super().__init__(configuration)
        self.host = host
        self.policy = policy

    @cached_property
    def tls_contexts(self) -> tuple[TlsContext, ...]:
        """The TLS settings of every kind of login connection."""
        return tuple(self.tls_context(scope) for scope in self.scopes)

    @cached_property
    def openssl(self) -> OpenSsl:
        """The OpenSSL of its host."""
        return openssl_of(self.host)

    def dh_bits(self, setting: Setting) -> int | Unreadable | None:
        """Return the size of the Diffie-Hellman prime that a setting gives, 0 for a file without; None for no file."""
        if setting.value.isdigit():
            return int(setting.value)
        use = self.file_use(setting)
        if use is None:
            return None
        data = self.host.read_bytes(use.name)
        return data if isinstance(data, Unreadable) else dh_bits(data) or 0

    @cached_property
    def security_level(self) -> int:
        """OpenSSL's security level of the connections, the lowest where cipher lists set several."""
        lists = (read_ciphers(setting.value, self.openssl) for setting in self.tls_settings("ciphers"))
        return min((one.level for one in lists if one), default=self.openssl.level)

    def tls_settings(self, *names: str) -> dict[Setting, str]:
        """Return the values of some fields of TlsContext where TLS is on, each with the connections it is for."""
        found: dict[Setting, list[TlsContext]] = {}
        for context in self.tls_contexts:
            if context.enabled:
                for setting in (getattr(context, name) for name in names):
                    if setting is not None:
                        found.setdefault(setting, []).append(context)
        return {setting: where(contexts, self.protocols) for setting, contexts in found.items()}

    def tls_context(self, scope: Scope) -> TlsContext:
        """Return the TLS settings of one kind of connection."""
        # The server name comes too late to ask for a certificate or not (seen on 2.3.19, 2.4.1 and 2.4.5, tests/live).
        connection = scope._replace(local_name="")
        return TlsContext(
            scope=scope,
            ssl=self.get("ssl", scope),
            certificate=self.get("ssl_server_cert_file", scope),
            key=self.get("ssl_server_key_file", scope),
            alt_certificate=self.get("ssl_server_alt_cert_file", scope),
            alt_key=self.get("ssl_server_alt_key_file", scope),
            dh=self.get("ssl_server_dh_file", scope),
            dh_length=self.get("ssl_dh_parameters_length", scope),
            protocols=self.get("ssl_min_protocol", scope) or self.get("ssl_protocols", scope),
            ciphers=self.get("ssl_cipher_list", scope),
            ca=self.get("ssl_server_ca_file", scope),
            request_client_cert=self.get("ssl_server_request_client_cert", connection),
            require_crl=self.get("ssl_server_require_crl", scope),
            username_field=self.get("ssl_server_cert_username_field", scope),
            username_from_cert=self.get("auth_ssl_username_from_cert"),
            require_client_cert=self.get("auth_ssl_require_client_cert", scope),
        )

    def file_use(self, setting: Setting | None) -> FileUse | None:
        """Return the file that a setting names, or None when it names none.

        In 2.3 a file is named by ``<path``; in 2.4 by the path itself, relative to the configuration file.
        """
        if setting is None or not setting.literal:
            return None
        name = setting.file
        if (
            name is None
            and self.dialect == "2.4"
            and setting.value
            and not setting.value.startswith(("inline:", "<"))
            and "\n" not in setting.value
        ):
            name = setting.value
        if name is None or "%" in name:
            return None
        if not name.startswith("/"):
            origin = setting.origin.span
            name = posixpath.join(
                posixpath.dirname(origin.file.name if origin else self.configuration.main_file.name), name
            )
        return FileUse("dovecot", setting.name.rpartition("/")[2], posixpath.normpath(name), setting.origin)

    @cached_property
    def key_pairs(self) -> tuple[KeyPair, ...]:
        """The server certificates with their keys, of every scope in which TLS is on."""
        found: dict[KeyPair, None] = {}
        for context in self.tls_contexts:
            if context.enabled:
                for certificate, key in (
                    (context.certificate, context.key),
                    (context.alt_certificate, context.alt_key),
                ):
                    certificate_use, key_use = self.file_use(certificate), self.file_use(key)
                    if certificate_use and key_use:
                        found[KeyPair(certificate_use, key_use, self._key_password(context))] = None
        return tuple(found)

    def _key_password(self, context: TlsContext) -> str | None:
        setting = self.get("ssl_server_key_password", context.scope)
        use = self.file_use(setting) if setting is not None and setting.file else None
        if use is not None:
            text = self.host.read_text(use.name)
            return None if isinstance(text, Unreadable) else text.text
        return setting.value if setting is not None and setting.value else None

    @cached_property
    def key_files(self) -> tuple[FileUse, ...]:
        """Every private key file that is named, in whatever scope."""
        names = ("ssl_server_key_file", "ssl_server_alt_key_file", "ssl_client_key_file")
        return tuple(self._uses(names))

    @cached_property
    def certificate_files(self) -> tuple[FileUse, ...]:
        """Every certificate file that is named, in whatever scope."""
        names = ("ssl_server_cert_file", "ssl_server_alt_cert_file", "ssl_client_cert_file")
        return tuple(self._uses(names))

    @cached_property
    def client_ca_files(self) -> tuple[FileUse, ...]:
        """Every file of CA certificates for client certificates, in whatever scope."""
        return tuple(self._uses(("ssl_server_ca_file",)))

    def _uses(self, names: Sequence[str]) -> Iterator[FileUse]:
        found: dict[FileUse, None] = {}
        for name in names:
            for setting in self.spellings(name):
                if use := self.file_use(setting):
                    found[use] = None
        yield from found

    @cached_property
    def trust(self) -> tuple[TrustUse, ...]:
        """The CA files that client certificates are verified against, as each kind of connection uses them."""
        found: dict[TrustUse, None] = {}
        for context in self.tls_contexts:
            if context.enabled and (use := self.file_use(context.ca)):
                trust = TrustUse(
                    use,
                    context.asks,
                    context.checks_crl,
                    context.certificate_counts,
                    refuses_nul=self.dialect == "2.4",
                    refuses_empty=self.dialect == "2.3" or self.version.startswith(("2.4.0", "2.4.1")),
                )
                found[trust] = None
        return tuple(found)
