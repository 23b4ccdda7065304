"""Alternative certificates of Dovecot that are of no use, or worse.

``ssl_alt_cert`` is meant for clients that cannot use the main certificate's kind of key. Tried on 2.3.19.1 and 2.4.1:
without its key 2.3 fails every TLS handshake and 2.4 leaves it out; a key alone is left out; of the same kind as the
main one it takes that one's place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.dovecot.configuration import Setting
    from auditor.model.dovecot import Dovecot


class FaultyAlternative(NamedTuple):
    """An alternative certificate or key, what becomes of it, and whether TLS fails altogether."""

    setting: Setting
    fate: str
    breaks_tls: bool = False


def faulty_alternatives(dovecot: Dovecot, kinds: Mapping[str, str]) -> Iterator[FaultyAlternative]:
    """Yield the faulty ones of one instance; ``kinds`` has the kind of key of each certificate file."""
    for context in dovecot.tls_contexts:
        certificate, key = context.alt_certificate, context.alt_key
        if not context.enabled or certificate is None or key is None:
            continue
        uses = (dovecot.file_use(certificate), dovecot.file_use(context.certificate))
        own, main = (kinds.get(use.name) if use else None for use in uses)
        if certificate.value and not key.value:
            yield FaultyAlternative(certificate, "is left out, as it has no key", breaks_tls=dovecot.dialect == "2.3")
        elif key.value and not certificate.value:
            yield FaultyAlternative(key, "is left out, as it has no certificate")
        elif own and own == main:
            yield FaultyAlternative(certificate, f"takes the place of the main one: both have keys of the kind {own}")
