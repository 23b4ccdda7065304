"""Whether a file of CA certificates trusts CAs that certify the public, and with it anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.files.public_cas import is_system_store, names_a_public_ca
from auditor.files.trust import read_trust_file
from auditor.host import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.files.certificates import Certificate
    from auditor.host import Host

SYSTEM_CAS: Final = "the CAs that the operating system trusts"


class PublicCas(NamedTuple):
    """The public CAs that a file trusts, each once; ``unknown`` says why they are not known, empty when they are."""

    path: str
    names: tuple[str, ...] = ()
    unknown: str = ""

    def __str__(self) -> str:
        more = f" and {len(self.names) - 1} more public CAs" if len(self.names) > 1 else ""
        return f"{self.names[0]}{more}" if self.names else ""


def public_cas(host: Host, name: str) -> PublicCas:
    """Return the public CAs that a file trusts.

    A bundle of the system's own is known by its name, also where a symlink leads to it; it need not be there.
    """
    if leads_to_system_store(host, name):
        return PublicCas(host.path(name), (SYSTEM_CAS,))
    trust = read_trust_file(host, name)
    if isinstance(trust, Unreadable):
        return PublicCas(trust.path, (), trust.why)
    return PublicCas(host.path(name), public_names(trust.certificates))


def leads_to_system_store(host: Host, name: str) -> bool:
    """Whether a name is that of a system's own CA bundle or directory, or a symlink to it."""
    resolved = host.resolve(name)
    passed = () if isinstance(resolved, Unreadable) else (resolved[0], *resolved[1])
    return any(map(is_system_store, (name, *passed)))


def public_names(certificates: Iterable[Certificate]) -> tuple[str, ...]:
    """Return the names of the public CAs among certificates, each once."""
    return tuple(dict.fromkeys(filter(None, map(names_a_public_ca, certificates))))
