"""The files with private keys, each once: who can read them, and whether they fit the certificates used with them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.files.certificates import Certificate, read_certificate
from auditor.files.keys import belong_together, first_key, key_chains
from auditor.files.pem import Pem, PemFile, read_pem
from auditor.files.permissions import Readers, readers
from auditor.host import Reason, Unreadable
from auditor.model.files import KeyPair

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.host import Host
    from auditor.model.files import FileUse

MAIL_USERS: Final = ("dovecot", "dovenull", "postfix", "vmail")
"""Users that mail processes run as; none of them needs a key: the daemons open it as root (Dovecot wiki, SSL)."""
KEY_GROUPS: Final = frozenset({"root", "wheel", "ssl-cert", "ssl-certs"})
"""Groups that exist to read keys, or that are root's own (Dovecot wiki, SSL; Debian's ssl-cert)."""


@dataclass(frozen=True, eq=False)
class KeyFile:
    """A file with a private key: the settings that name it, and who can read it."""

    uses: tuple[FileUse, ...]
    readers: Readers
    combined: bool
    """Whether a certificate setting names it, so that one might think it public."""

    is_of_ca: bool
    """Whether it is the key of a CA whose client certificates are trusted here."""

    @property
    def use(self) -> FileUse:
        """The setting to speak of."""
        return self.uses[0]

    @property
    def exposed(self) -> bool:
        """Whether every user of the host can read it, or only a directory keeps them from it."""
        return self.readers.world_readable or bool(self.readers.protected_only_by_directory)

    @cached_property
    def mail_users(self) -> tuple[str, ...]:
        """The users of mail processes that can read it."""
        return tuple(user for user in MAIL_USERS if self.readers.readable_by(user))

    @cached_property
    def strangers(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The groups that can read it with their members, those that may and mail users left out."""
        found: list[tuple[str, tuple[str, ...]]] = []
        for group, members in self.readers.reading_groups:
            others = tuple(member for member in members if member not in ("root", *MAIL_USERS))
            if group not in KEY_GROUPS and others:
                found.append((group, others))
        return tuple(found)

    @property
    def unknown_groups(self) -> tuple[str, ...]:
        """The groups that can read it and whose members are not known, as the tree has no group file."""
        if self.readers.host.groups:
            return ()
        return tuple(group for group, _ in self.readers.reading_groups if group not in ("0", "root"))


def key_files(
    host: Host, keys: Iterable[FileUse], certificates: Iterable[FileUse], cas: Sequence[Certificate]
) -> Iterator[KeyFile | Unreadable]:
    """Yield every file that a setting names as a key, or as a certificate with a key in it; or why it is not known.

    Only where modes and owners mean something.
    """
    uses: dict[str, list[FileUse]] = defaultdict(list)
    combined: set[str] = set()
    for use in keys:
        found = read_pem(host, use.name)
        if isinstance(found, Unreadable) and found.reason is Reason.NOT_REGULAR:
            # A FIFO or a directory holds no key, whatever its mode.
            yield found
        elif not isinstance(found, PemFile) or found.pem.keys:
            uses[use.name].append(use)
    for use in certificates:
        found = read_pem(host, use.name)
        if isinstance(found, PemFile) and found.pem.keys:
            uses[use.name].insert(0, use)
            if found.pem.certificates:
                combined.add(use.name)
    for name, group in uses.items():
        facts = host.facts(name)
        who = facts if isinstance(facts, Unreadable) else readers(host, name)
        if isinstance(who, Unreadable):
            yield who
        elif isinstance(who, Readers):
            yield KeyFile(tuple(dict.fromkeys(group)), who, name in combined, _is_of_one(host, name, cas))


def _is_of_one(host: Host, name: str, cas: Sequence[Certificate]) -> bool:
    found = read_pem(host, name)
    key = first_key(found.pem) if isinstance(found, PemFile) else None
    return key is not None and any(belong_together(key, ca) for ca in cas)


class Match(NamedTuple):
    """Whether a key fits its certificate: None when that is not known, and then why."""

    pair: KeyPair
    fits: bool | None
    why: str = ""
    locked: bool = False
    """Whether the key is encrypted, and the configuration has not its password."""


def match(host: Host, pair: KeyPair) -> Match:
    """Compare a certificate file's first certificate with the key file's first key, as the daemons use them."""
    certificate, key = read_pem(host, pair.certificate.name), read_pem(host, pair.key.name)
    for found in (certificate, key):
        if isinstance(found, Unreadable):
            return Match(pair, None, str(found))
    if not isinstance(certificate, PemFile) or not isinstance(key, PemFile):
        return Match(pair, None)
    return _match(pair, certificate, key)


def _match(pair: KeyPair, certificate: PemFile, key: PemFile) -> Match:
    if not certificate.pem.certificates:
        return Match(pair, False, f"{certificate.source.path} holds no certificate in PEM form")
    private = first_key(key.pem, pair.password)
    if private is None:
        return Match(pair, False, f"{key.source.path} holds no private key in PEM form")
    leaf = read_certificate(certificate.pem.certificates[0])
    fits = belong_together(private, leaf) if isinstance(leaf, Certificate) else None
    if fits is not None:
        return Match(
            pair, fits, f"the key in {key.source.path} is not that of the certificate in {certificate.source.path}"
        )
    reason = private.why or "the certificate cannot be read here"
    path = key.source.path if private.why else certificate.source.path
    return Match(pair, None, f"{path}: {reason}", locked=private.encrypted)


def match_chain(host: Host, uses: Sequence[FileUse]) -> Match:
    """Compare each key of files that are read as one with the certificate behind it (smtpd_tls_chain_files)."""
    pair = KeyPair(uses[0], uses[0])
    files = [read_pem(host, use.name) for use in uses]
    blocks = tuple(block for file in files if isinstance(file, PemFile) for block in file.pem.blocks)
    unreadable = next((file for file in files if isinstance(file, Unreadable)), None)
    if unreadable is not None:
        return Match(pair, None, str(unreadable))
    chains = key_chains(Pem(blocks))
    if not chains or any(chain.key is None or not chain.certificates for chain in chains):
        return Match(pair, False, f"{uses[0].setting} does not name each key with its certificate behind it")
    locked = any(chain.key.encrypted for chain in chains if chain.key)
    verdicts = [belong_together(chain.key, chain.certificates[0]) for chain in chains if chain.key]
    if False in verdicts:
        return Match(pair, False, f"a key in {uses[0].setting} is not that of the certificate behind it")
    return Match(pair, None if None in verdicts else True, "a key or certificate cannot be read here", locked)
