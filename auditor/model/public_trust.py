"""Whether a file of CA certificates trusts CAs that certify the public, and with it anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.files.public_cas import is_system_store, names_a_public_ca
from auditor.files.trust import read_trust_file
from auditor.host import Unreadable

if TYPE_CHECKING:
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
    resolved = host.resolve(name)
    passed = () if isinstance(resolved, Unreadable) else (resolved[0], *resolved[1])
    if any(map(is_system_store, (name, *passed))):
        return PublicCas(host.path(name), (SYSTEM_CAS,))
    trust = read_trust_file(host, name)
    if isinstance(trust, Unreadable):
        return PublicCas(trust.path, (), trust.detail or trust.reason.value)
    names = (names_a_public_ca(certificate) for certificate in trust.certificates)
    return PublicCas(host.path(name), tuple(dict.fromkeys(name for name in names if name)))
