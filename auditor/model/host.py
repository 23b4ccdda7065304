"""A whole audited host: both products and the files they share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from auditor.files.writers import Writers
from auditor.model.alternatives import FaultyAlternative, faulty_alternatives
from auditor.model.assumptions import NO_ASSUMPTIONS, Assumptions
from auditor.model.authorities import Authority, authorities
from auditor.model.certificate_facts import is_for_clients, public_key
from auditor.model.credentials import (
    Credential,
    UnreadCredential,
    credentials_of_dovecot,
    credentials_of_postfix,
    key_passwords,
)
from auditor.model.exposure import Exposures
from auditor.model.key_copies import KeyCopy, key_copies
from auditor.model.keys import KeyFile, Match, key_files, match, match_chain
from auditor.model.password_files import PasswordFile, password_files
from auditor.model.pki_folders import CaKey, PkiFolder, ca_keys, pki_folders
from auditor.model.server_certificates import ServerCertificate, UnreadCertificate, server_certificates
from auditor.model.signatures import Signature, signatures
from auditor.model.table_files import password_tables, stale_tables, tables_in_foreign_directories
from auditor.model.trust import ClientTrust, client_trusts
from auditor.model.writable import Deciding, Leak, deciding_files, leaks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from auditor.dovecot.configuration import Setting
    from auditor.files.certificates import Certificate
    from auditor.finding import Problem, ProblemKind
    from auditor.host import Host, Unreadable
    from auditor.model.dovecot import Dovecot
    from auditor.model.files import FileUse, KeyPair, TrustUse
    from auditor.model.postfix import Postfix
    from auditor.model.postfix_tables import NamedTable
    from auditor.model.tls_policy import Policy
    from auditor.model.upgrade import Upgrade


class Anchor(NamedTuple):
    """A CA that is trusted, and the setting that names its file."""

    subject: str
    use: FileUse


@dataclass(frozen=True, eq=False)
class AuditedHost:
    """Everything that rules about files and about both products together look at."""

    host: Host
    dovecot: tuple[Dovecot, ...]
    postfix: tuple[Postfix, ...]
    now: datetime
    """The time at which certificates and CRLs are judged, in UTC."""
    policy: Policy
    """What TLS is judged by."""
    upgrades: tuple[tuple[str, Upgrade], ...]
    """What the named versions change, each with its daemon's name."""
    assumed: Assumptions = NO_ASSUMPTIONS
    """What the user says that no file tells."""

    @property
    def products(self) -> tuple[Dovecot | Postfix, ...]:
        """Every instance of both products."""
        return (*self.dovecot, *self.postfix)

    def expires_soon(self, end: datetime, usual: timedelta) -> bool:
        """Whether what ends at a time is to be reported already; ``usual`` is how long before it usually is."""
        return self.assumed.expires_soon(end, self.now, usual)

    def problems(self, kind: ProblemKind) -> Iterator[tuple[str, Problem]]:
        """Yield the places of one kind that a daemon refuses, each with the daemon's name."""
        for name, upgrade in self.upgrades:
            yield from ((name, problem) for problem in upgrade.problems if problem.kind is kind)

    @cached_property
    def key_files(self) -> tuple[FileUse, ...]:
        """Every private key file that a setting names."""
        return tuple(dict.fromkeys(use for product in self.products for use in product.key_files))

    @cached_property
    def certificate_files(self) -> tuple[FileUse, ...]:
        """Every certificate file that a setting names."""
        return tuple(dict.fromkeys(use for product in self.products for use in product.certificate_files))

    @cached_property
    def client_ca_files(self) -> tuple[FileUse, ...]:
        """Every file of CA certificates for client certificates."""
        return tuple(dict.fromkeys(use for product in self.products for use in product.client_ca_files))

    @cached_property
    def key_pairs(self) -> tuple[KeyPair, ...]:
        """Certificates with the keys used with them."""
        return tuple(dict.fromkeys(pair for product in self.products for pair in product.key_pairs))

    @cached_property
    def trust(self) -> tuple[TrustUse, ...]:
        """The files that client certificates are verified against."""
        return tuple(dict.fromkeys(use for product in self.products for use in product.trust))

    @cached_property
    def _client_trusts(self) -> tuple[ClientTrust | tuple[TrustUse, Unreadable], ...]:
        return tuple(client_trusts(self.host, self.trust, self.now))

    @cached_property
    def client_trusts(self) -> tuple[ClientTrust, ...]:
        """The files that client certificates are verified against, each once."""
        return tuple(found for found in self._client_trusts if isinstance(found, ClientTrust))

    def deciding_anchors(self, product: str) -> dict[bytes, Anchor]:
        """Return the CAs whose client certificates decide something in a product, by their contents."""
        found: dict[bytes, Anchor] = {}
        for trust in self.client_trusts:
            use = next((one for one in trust.uses if one.file.product == product and one.asks and one.counts), None)
            if use is not None:
                found.update((ca.block.der, Anchor(ca.subject, use.file)) for ca in trust.file.cas)
        return found

    @cached_property
    def crl_files(self) -> tuple[tuple[ClientTrust, TrustUse], ...]:
        """The files in which a daemon finds CRLs when it looks for them, each with a use that does."""
        return tuple(
            (trust, use)
            for trust in self.client_trusts
            if (use := trust.crl_use) and trust.fault is None and not trust.keeps_daemon_from_starting
        )

    @cached_property
    def unread_client_trusts(self) -> tuple[tuple[TrustUse, Unreadable], ...]:
        """The files of that kind which cannot be read, and why."""
        return tuple(found for found in self._client_trusts if not isinstance(found, ClientTrust))

    @cached_property
    def exposures(self) -> Exposures:
        """Which files are open to others."""
        return Exposures(self.host)

    @cached_property
    def writers(self) -> Writers:
        """Who can write which files."""
        return Writers(self.host)

    @cached_property
    def _credentials(self) -> tuple[Credential | UnreadCredential, ...]:
        found = (
            *(one for dovecot in self.dovecot for one in credentials_of_dovecot(dovecot)),
            *(one for postfix in self.postfix for one in credentials_of_postfix(postfix)),
        )
        return tuple(dict.fromkeys(found))

    @cached_property
    def credentials(self) -> dict[str, list[Credential]]:
        """The passwords for databases and other servers, by the file in which they stand."""
        found: dict[str, list[Credential]] = {}
        for one in self._credentials:
            if isinstance(one, Credential):
                found.setdefault(one.name, []).append(one)
        return found

    @property
    def unread_credentials(self) -> tuple[UnreadCredential, ...]:
        """The files that should hold such a password and cannot be read, and why."""
        return tuple(one for one in self._credentials if isinstance(one, UnreadCredential))

    @cached_property
    def tables(self) -> tuple[NamedTable, ...]:
        """The tables in files that Postfix's parameters name."""
        return tuple(dict.fromkeys(table for one in self.postfix for table in one.named_tables))

    def has_index(self, table: NamedTable) -> bool:
        """Whether the indexed file of a table is there."""
        return bool(table.indexed_file) and self.host.exists(table.indexed_file)

    @cached_property
    def password_tables(self) -> tuple[NamedTable, ...]:
        """The tables with passwords for other mail servers."""
        return tuple(password_tables(self.host, self.tables))

    @cached_property
    def stale_tables(self) -> tuple[tuple[NamedTable, timedelta], ...]:
        """The tables whose indexed file is older than the text, and by how much."""
        return tuple(stale_tables(self.host, self.tables))

    @cached_property
    def tables_in_foreign_directories(self) -> tuple[tuple[NamedTable, str], ...]:
        """The tables of root that are indexed in a directory of another user, and whose that is."""
        return tuple(tables_in_foreign_directories(self.host, self.tables))

    @cached_property
    def password_files(self) -> tuple[PasswordFile, ...]:
        """The passwd-files that Dovecot's passdbs name."""
        return tuple(found for dovecot in self.dovecot for found in password_files(dovecot))

    @cached_property
    def key_passwords(self) -> tuple[tuple[Setting, str], ...]:
        """The settings that give a key's password, and the file in which it stands."""
        return tuple(found for dovecot in self.dovecot for found in key_passwords(dovecot))

    @cached_property
    def key_copies(self) -> tuple[KeyCopy, ...]:
        """The copies of private keys that are open to others."""
        return tuple(dict.fromkeys(key_copies(self.host, self.exposures, self.key_files)))

    @cached_property
    def writable_configuration(self) -> tuple[Leak, ...]:
        """The places by which others than root can change what the daemons do."""
        return tuple(leaks(self.writers, deciding_files(self.dovecot, self.postfix)))

    @cached_property
    def writable_keys(self) -> tuple[Leak, ...]:
        """The places by which others than root can change private keys."""
        keys = (Deciding(use.name, "a private key", use.origin) for use in self.key_files)
        return tuple(leaks(self.writers, keys))

    @cached_property
    def pki_folders(self) -> tuple[PkiFolder, ...]:
        """The folders in which easy-rsa keeps the CAs that are trusted here."""
        return tuple(pki_folders(self.host, self.client_trusts))

    @cached_property
    def issued_to_clients(self) -> tuple[Certificate, ...]:
        """The certificates of users that lie in the folders of their CAs."""
        issued = {one.fingerprint: one for folder in self.pki_folders for one in folder.issued if is_for_clients(one)}
        return tuple(issued.values())

    @cached_property
    def _ca_keys(self) -> tuple[CaKey | Unreadable, ...]:
        return tuple(ca_keys(self.host, self.client_trusts))

    @property
    def ca_keys(self) -> tuple[CaKey, ...]:
        """The private keys of CAs that are trusted here."""
        return tuple(found for found in self._ca_keys if isinstance(found, CaKey))

    @property
    def unread_ca_keys(self) -> tuple[Unreadable, ...]:
        """The files where such a key may be and that cannot be read, and why."""
        return tuple(found for found in self._ca_keys if not isinstance(found, CaKey))

    @cached_property
    def _key_files(self) -> tuple[KeyFile | Unreadable, ...]:
        if not self.host.modes_known:
            return ()
        cas = [ca for trust in self.client_trusts for ca in trust.file.cas]
        return tuple(key_files(self.host, self.key_files, self.certificate_files, cas))

    @cached_property
    def keys_and_readers(self) -> tuple[KeyFile, ...]:
        """The files with private keys and who can read them, each once; none where modes mean nothing."""
        return tuple(found for found in self._key_files if isinstance(found, KeyFile))

    @cached_property
    def unread_keys(self) -> tuple[Unreadable, ...]:
        """The key files of which it is not known who can read them, and why."""
        return tuple(found for found in self._key_files if not isinstance(found, KeyFile))

    @cached_property
    def _server_certificates(self) -> tuple[ServerCertificate | UnreadCertificate, ...]:
        return tuple(server_certificates(self.host, self.dovecot, self.postfix))

    @cached_property
    def server_certificates(self) -> tuple[ServerCertificate, ...]:
        """The certificates that the daemons show to their clients."""
        return tuple(found for found in self._server_certificates if isinstance(found, ServerCertificate))

    def names_asked_of(self, certificate: ServerCertificate) -> list[str]:
        """Return the names by which clients ask for a certificate, as far as that is known.

        Of one that no name chooses, they are those that the user says users' programs have, without those that choose
        another one of the same product.
        """
        if certificate.names or not certificate.for_users:
            return list(certificate.names)
        product = certificate.use.product
        chosen = {name for other in self.server_certificates if other.use.product == product for name in other.names}
        return [name for name in self.assumed.server_names if name not in chosen]

    @cached_property
    def faulty_alternatives(self) -> tuple[FaultyAlternative, ...]:
        """The alternative certificates of Dovecot that are of no use."""
        keys = ((found.use.name, public_key(found.leaf)) for found in self.server_certificates)
        kinds = {name: key.kind for name, key in keys if key}
        return tuple(dict.fromkeys(one for dovecot in self.dovecot for one in faulty_alternatives(dovecot, kinds)))

    @cached_property
    def signatures(self) -> tuple[Signature, ...]:
        """The signatures that the daemons and their clients rely on."""
        return tuple(signatures(self.server_certificates, self.client_trusts))

    @cached_property
    def certificates_for_users(self) -> tuple[tuple[FileUse, bool | None], ...]:
        """The settings that name certificates for users' programs, and whether those signed themselves, if known."""
        return tuple(
            (found.use, found.is_self_signed if isinstance(found, ServerCertificate) else None)
            for found in self._server_certificates
            if found.for_users
        )

    @cached_property
    def missing_issuers(self) -> dict[ServerCertificate, str]:
        """The intermediate CAs, by name, whose certificate is not sent though clients need it."""
        trusted = [ca for trust in self.client_trusts for ca in trust.file.cas]
        sent = [part.certificate for found in self.server_certificates for part in found.parts]
        named = ((found, found.issuer_to_send(sent, trusted)) for found in self.server_certificates)
        return {found: issuer for found, issuer in named if issuer}

    @cached_property
    def authorities_in_use(self) -> tuple[Authority, ...]:
        """The CAs that something depends on."""
        return tuple(authorities(self.server_certificates, self.client_trusts))

    @cached_property
    def unread_certificates(self) -> tuple[UnreadCertificate, ...]:
        """The files of server certificates that cannot be read, and why."""
        return tuple(found for found in self._server_certificates if isinstance(found, UnreadCertificate))

    @cached_property
    def key_matches(self) -> tuple[Match, ...]:
        """For each certificate and key that are used together, whether they fit."""
        chains = (chain for postfix in self.postfix for chain in postfix.key_chains)
        return (
            *(match(self.host, pair) for pair in self.key_pairs),
            *(match_chain(self.host, chain) for chain in chains),
        )
