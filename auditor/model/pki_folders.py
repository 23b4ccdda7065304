"""The folders in which easy-rsa keeps the CAs whose certificates are trusted here.

Such a folder holds ca.crt, index.txt, crl.pem (``easyrsa gen-crl``), issued/ with the certificates and private/ with
the keys, the CA's own among them (Easy-RSA 3, doc/EasyRSA-Readme.md).
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.files.ca_index import CaIndex, Revoked, read_ca_index
from auditor.files.certificates import read_certificates
from auditor.files.keys import belong_together, first_key
from auditor.files.pem import PemFile, read_pem
from auditor.files.trust import TrustFile, read_trust_file
from auditor.host import Reason, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.files.certificates import Certificate
    from auditor.files.crls import Crl
    from auditor.host import Host
    from auditor.model.crl_check import CaCrl
    from auditor.model.files import TrustUse
    from auditor.model.trust import ClientTrust

USUAL: Final = ("/etc/easy-rsa/pki", "/etc/easy-rsa/easyrsa3/pki")
"""Where the folder lies if not beside the file that the daemons are given."""
KEY_NAMES: Final = ("private/ca.key", "ca.key", "private/cakey.pem")
"""Where the CA's key lies: easy-rsa's place, that of who keeps all in one folder, and that of CA.pl(1)."""
MAX_ISSUED: Final = 1_000
"""Certificates in issued/ that are read."""


@dataclass(frozen=True, eq=False)
class PkiFolder:
    """The folder of a CA that is trusted here.

    ``state`` is what the CRL check makes of the CA where the daemons find it; ``use`` is the setting to speak of.
    """

    host: Host
    name: str
    trust: ClientTrust
    state: CaCrl
    use: TrustUse

    @property
    def ca(self) -> Certificate:
        """The CA."""
        return self.state.ca

    @cached_property
    def index(self) -> CaIndex | Unreadable:
        """What was revoked."""
        return read_ca_index(self.host, f"{self.name}/index.txt")

    @property
    def unread_index(self) -> list[tuple[str, str]]:
        """What of the index is not known, and why."""
        if isinstance(self.index, Unreadable):
            return [(self.index.path, self.index.why)]
        return [(f"the end of {self.index.source.path}", "it has too many lines")] if self.index.cut else []

    @cached_property
    def crl(self) -> Crl | None:
        """The CRL that was made last; None where there is none that can be read."""
        found = read_trust_file(self.host, f"{self.name}/crl.pem")
        crls = [crl for crl in found.crls if crl.is_by(self.ca)] if isinstance(found, TrustFile) else []
        return max(crls, key=lambda crl: crl.last_update, default=None)

    @property
    def newer_crl(self) -> Crl | None:
        """The CRL, where it is newer than the one that the daemons check by."""
        chosen = self.state.chosen
        newer = self.crl is not None and chosen is not None and self.crl.last_update > chosen.last_update
        return self.crl if newer else None

    @cached_property
    def forgotten(self) -> tuple[Revoked, ...]:
        """The certificates that were revoked, have not ended, and stand in no CRL."""
        listed = (crl.serials for crl in (self.crl, self.state.chosen) if crl)
        known: frozenset[int] = frozenset().union(*listed)
        revoked = self.index.revoked if isinstance(self.index, CaIndex) else ()
        return tuple(one for one in revoked if one.serial not in known and one.not_after > self.trust.now)

    @cached_property
    def issued(self) -> tuple[Certificate, ...]:
        """The certificates that the CA issued, as far as they lie in the folder."""
        entries = self.host.entries(f"{self.name}/issued")
        names = [one for one in entries if one.endswith(".crt")] if isinstance(entries, list) else []
        files = (read_pem(self.host, f"{self.name}/issued/{one}") for one in names[:MAX_ISSUED])
        blocks = (block for file in files if isinstance(file, PemFile) for block in file.pem.certificates[:1])
        return tuple(one for one in read_certificates(blocks)[0] if one.issued_by(self.ca))


class CaKey(NamedTuple):
    """The private key of a CA that is trusted here: its file, and whether it takes a password to use it."""

    path: str
    encrypted: bool
    ca: Certificate
    use: TrustUse


def pki_folders(host: Host, trusts: Iterable[ClientTrust]) -> Iterator[PkiFolder]:
    """Yield the folders of the CAs that are trusted, each with the file that the daemons go by."""
    for trust in trusts:
        use = trust.crl_use or trust.asking_use or trust.uses[0]
        for folder in _folders(trust):
            if host.exists(f"{folder}/index.txt"):
                own = _public_keys(host, folder)
                for state in trust.crl_states:
                    if state.ca.public_key_info in own:
                        yield PkiFolder(host, folder, trust, state, use)


def ca_keys(host: Host, trusts: Iterable[ClientTrust]) -> Iterator[CaKey | Unreadable]:
    """Yield the private keys of trusted CAs that lie where one would look for them; or why one cannot be read."""
    for trust in trusts:
        for folder in _folders(trust):
            for name in KEY_NAMES:
                file = read_pem(host, f"{folder}/{name}")
                if isinstance(file, PemFile):
                    yield from _ca_keys(host, trust, folder, file)
                elif file.reason is not Reason.MISSING:
                    yield file


def _ca_keys(host: Host, trust: ClientTrust, folder: str, file: PemFile) -> Iterator[CaKey]:
    key = first_key(file.pem)
    if key is None:
        return
    # Whose an encrypted key is shows only behind its password; the certificate beside it tells it well enough.
    own = _public_keys(host, folder) if key.encrypted else frozenset()
    for ca in trust.file.cas:
        if belong_together(key, ca) or ca.public_key_info in own:
            yield CaKey(file.source.path, key.encrypted, ca, trust.asking_use or trust.uses[0])
            return


def _folders(trust: ClientTrust) -> Iterable[str]:
    return dict.fromkeys((posixpath.dirname(trust.name), *USUAL))


def _public_keys(host: Host, folder: str) -> frozenset[bytes]:
    found = read_trust_file(host, f"{folder}/ca.crt")
    return frozenset(one.public_key_info for one in found.cas) if isinstance(found, TrustFile) else frozenset()
