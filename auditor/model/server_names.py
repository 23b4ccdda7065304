"""The certificates that one Dovecot instance has for server names, and which of them clients get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.dovecot.configuration import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.dovecot.configuration import Setting
    from auditor.model.dovecot import Dovecot

_SHOWN: Final = {"2.3": "ssl_cert", "2.4": "ssl_server/cert_file"}
"""The certificate's setting as ``doveconf -n`` shows it inside a ``local_name`` block."""


class NamedCertificate(NamedTuple):
    """A name of a ``local_name`` block, the certificate that is set there, and the one that clients get by it."""

    name: str
    own: Setting
    effective: Setting | None

    @property
    def shadowed_by(self) -> Setting | None:
        """The setting of another block that has the last word for this name; None where the own one has it."""
        other = self.effective
        return other if other is not None and other.origin.span != self.own.origin.span else None


def named_certificates(dovecot: Dovecot) -> Iterator[NamedCertificate]:
    """Yield the names that have a certificate of their own, whatever the address and the protocol."""
    scopes = dovecot.configuration.scopes()
    filters = [scope.local_name for scope in scopes if scope == Scope(local_name=scope.local_name)]
    if not filters:
        return
    shown = dovecot.configuration.settings()
    for label in dict.fromkeys(filters):
        if own := shown.get(f"local_name {label}/{_SHOWN[dovecot.dialect]}"):
            for name in label.split():
                yield NamedCertificate(name, own, dovecot.get("ssl_server_cert_file", Scope(local_name=name)))
