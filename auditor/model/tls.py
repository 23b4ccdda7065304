"""The TLS settings of one kind of connection to Dovecot, and what they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.model.vocabulary import is_true
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.dovecot.configuration import Scope, Setting


class TlsContext(NamedTuple):
    """The TLS settings of one kind of connection; every setting as the user spells it."""

    scope: Scope
    ssl: Setting | None
    certificate: Setting | None
    key: Setting | None
    alt_certificate: Setting | None
    alt_key: Setting | None
    dh: Setting | None
    dh_length: Setting | None
    """The length of the Diffie-Hellman parameters that 2.2 makes."""
    protocols: Setting | None
    """``ssl_min_protocol``, or the list of protocols that 2.2 has instead."""
    ciphers: Setting | None
    ca: Setting | None
    request_client_cert: Setting | None
    require_crl: Setting | None
    username_field: Setting | None
    username_from_cert: Setting | None
    require_client_cert: Setting | None

    @property
    def enabled(self) -> bool:
        """Whether TLS is offered."""
        return self.ssl is not None and self.ssl.value.lower() != "no"

    @property
    def has_certificate(self) -> bool:
        """Whether a certificate is set."""
        return self.certificate is not None and bool(self.certificate.value)

    @property
    def asks(self) -> bool:
        """Whether clients are asked for a certificate."""
        return self.enabled and self.request_client_cert is not None and self.request_client_cert.value.lower() != "no"

    @property
    def checks_crl(self) -> bool:
        """Whether client certificates are checked against CRLs."""
        return self.require_crl is not None and is_true(self.require_crl.value)

    @property
    def certificate_counts(self) -> bool:
        """Whether a client's certificate decides whose mailbox is opened, or whether a login is possible at all."""
        return any(
            setting is not None and is_true(setting.value)
            for setting in (self.username_from_cert, self.require_client_cert)
        )

    @property
    def has_ca(self) -> bool:
        """Whether a CA for client certificates is set."""
        return self.ca is not None and bool(self.ca.value)

    @property
    def filters(self) -> str:
        """The filters that limit it to some connections of its protocol, in words; empty for all."""
        scope = self.scope
        values = (("local", scope.local), ("local_name", scope.local_name), ("remote", scope.remote))
        return ", ".join(f"{name} {shortened(value)}" for name, value in values if value)


def where(contexts: Sequence[TlsContext], protocols: Sequence[str]) -> str:
    """Return the connections that these are, in words behind a blank; empty where they are all there are."""
    if all(context.filters for context in contexts):
        return f" for {contexts[0].filters}"
    served = [protocol for protocol in protocols if any(one.scope.protocol == protocol for one in contexts)]
    return "" if len(served) == len(protocols) else f" by {', '.join(served)}"


def lacks_marker(setting: Setting) -> bool:
    """Whether a 2.2 or 2.3 setting that should hold the contents of a file holds something else, such as its name.

    A PEM text written out in the configuration is as good as a file.
    """
    return bool(setting.value) and setting.file is None and "-----BEGIN" not in setting.value
