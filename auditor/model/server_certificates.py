"""The certificates that the daemons show to their clients, each with its chain, and for which server names."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.files.certificates import Refused, read_certificate
from auditor.files.pem import read_pem
from auditor.host import Unreadable
from auditor.model.certificate_facts import dns_names, is_logged
from auditor.model.public_trust import public_names
from auditor.model.smtpd import TlsLevel
from auditor.text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.dovecot.configuration import Setting
    from auditor.files.certificates import Certificate
    from auditor.host import Host
    from auditor.model.dovecot import Dovecot
    from auditor.model.files import FileUse
    from auditor.model.postfix import Postfix
    from auditor.model.tls import TlsContext
    from auditor.text import Span

SMTP_PORT: Final = 25
MAX_PATH: Final = 20
"""Certificates of one chain that are followed; real ones have two to four."""


class Served(NamedTuple):
    """Files that a daemon takes a certificate and its chain from, in their order.

    ``name`` is the server name by which a client gets it, empty where it gets it whatever it asks for. ``for_users``
    says that mail programs of users see it, and not only other mail servers on port 25, which rarely verify it.
    """

    files: tuple[FileUse, ...]
    name: str
    for_users: bool


class Part(NamedTuple):
    """One certificate of a chain and the line where it begins."""

    certificate: Certificate
    line: Span


@dataclass(frozen=True, eq=False)
class ServerCertificate:
    """A certificate with its chain as clients get it."""

    files: tuple[FileUse, ...]
    parts: tuple[Part, ...]
    """Every certificate that is sent, in the order of the files."""
    names: tuple[str, ...]
    """The server names by which clients get it."""
    for_users: bool

    @property
    def use(self) -> FileUse:
        """The setting that names it; where several files make a chain, the first one."""
        return self.files[0]

    @property
    def leaf(self) -> Certificate:
        """The certificate of the server itself, which comes first."""
        return self.parts[0].certificate

    @property
    def is_self_signed(self) -> bool:
        """Whether no CA stands behind it."""
        return self.leaf.is_self_issued and self.server_behind_ca is None

    @cached_property
    def path(self) -> tuple[Part, ...]:
        """The certificates from the first one upwards, each issued by the next, wherever they stand in the files."""
        return self._path_from(self.parts[0])

    @property
    def path_in_order(self) -> tuple[Part, ...]:
        """The path as it should be sent: from the server's own certificate upwards."""
        return self._path_from(self.server_behind_ca or self.parts[0])

    def _path_from(self, first: Part) -> tuple[Part, ...]:
        found = [first]
        while not found[-1].certificate.is_self_issued and len(found) < MAX_PATH:
            last = found[-1].certificate
            issuer = next((one for one in self.parts if last.issued_by(one.certificate) and one not in found), None)
            if issuer is None:
                break
            found.append(issuer)
        return tuple(found)

    @property
    def server_behind_ca(self) -> Part | None:
        """The server's own certificate, as it seems, where that of a CA stands first."""
        others = (part for part in self.parts[1:] if not part.certificate.may_issue)
        return next(others, None) if self.leaf.may_issue else None

    @property
    def misplaced(self) -> Part | None:
        """The first certificate of the path that does not stand right behind the one that it issued."""
        pairs = zip(self.path, self.parts, strict=False)
        return next((wanted for wanted, there in pairs if wanted is not there), None)

    @property
    def unrelated(self) -> tuple[Part, ...]:
        """The certificates that are no part of the path from the server's own upwards."""
        return tuple(part for part in self.parts if part not in self.path)

    def issuer_to_send(self, sent: Iterable[Certificate], trusted: Iterable[Certificate]) -> str:
        """Return the name of the intermediate CA that is missing at the end of the path, empty where none is.

        It is one where another file that is ``sent`` has the issuer and that is no root, and where the server's
        certificate alone is sent and proves that it was logged: public CAs issue such by intermediates only (CA/Browser
        Forum, Baseline Requirements, 6.1.7). From the CAs ``trusted`` for clients OpenSSL completes a chain by itself
        (SSL_CTX_set_mode(3), SSL_MODE_NO_AUTO_CHAIN; seen on Dovecot 2.3.19 and 2.4.1, Postfix 3.7.11 and 3.10.13).
        """
        last = self.path[-1].certificate
        if last.is_self_issued or public_names([last]) or any(map(last.issued_by, trusted)):
            return ""
        issuers = [one for one in sent if last.issued_by(one)]
        missing = not any(one.is_self_issued for one in issuers) if issuers else last is self.leaf and is_logged(last)
        return last.issuer if missing else ""

    @property
    def names_hosts(self) -> bool:
        """Whether it names a host where clients look: in subjectAltName (RFC 9525, 6.3)."""
        return bool(dns_names(self.leaf))

    def covers(self, name: str) -> bool:
        """Whether a client that asked for a host name takes the certificate for that host's (RFC 9525, 6.3).

        A name with wildcards, as local_name may have, is covered when some name of the certificate is among them.
        """
        name = name.lower()
        accepted = (name, f"*.{name.partition('.')[2]}")
        return any(one in accepted or fnmatchcase(one, name) for one in dns_names(self.leaf))


class UnreadCertificate(NamedTuple):
    """A certificate file that is named and cannot be read, and why."""

    use: FileUse
    why: str
    for_users: bool


def server_certificates(
    host: Host, dovecot: Iterable[Dovecot], postfix: Iterable[Postfix]
) -> Iterator[ServerCertificate | UnreadCertificate]:
    """Yield each certificate that a daemon shows to its clients."""
    served: dict[tuple[FileUse, ...], list[Served]] = defaultdict(list)
    for found in chain(
        chain.from_iterable(map(_served_by_dovecot, dovecot)), chain.from_iterable(map(_served_by_postfix, postfix))
    ):
        served[found.files].append(found)
    for files, uses in served.items():
        names = tuple(dict.fromkeys(one.name for one in uses if one.name))
        yield from _certificates(host, files, names, for_users=any(one.for_users for one in uses))


def _served_by_dovecot(dovecot: Dovecot) -> Iterator[Served]:
    everywhere = (context for context in dovecot.tls_contexts if not context.scope.local_name)
    unnamed = {setting for context in everywhere for setting in _shown(context)}
    for context in dovecot.tls_contexts:
        if context.enabled:
            for setting in _shown(context):
                if use := dovecot.file_use(setting):
                    names = [""] if setting in unnamed else context.scope.local_name.split()
                    yield from (Served((use,), name, not dovecot.listeners.only_on_loopback) for name in names)


def _shown(context: TlsContext) -> tuple[Setting | None, ...]:
    return (context.certificate, context.alt_certificate)


def _served_by_postfix(postfix: Postfix) -> Iterator[Served]:
    for service in postfix.smtpd_services:
        if service.tls_level is TlsLevel.NONE:
            continue
        for_users = service.port != SMTP_PORT and not service.only_on_loopback
        for files in postfix.served_files(service.service):
            yield Served(files, "", for_users)
        for sni in postfix.sni_chains(service.service):
            yield Served(sni.files, sni.name, for_users)


def _certificates(
    host: Host, files: tuple[FileUse, ...], names: tuple[str, ...], *, for_users: bool
) -> Iterator[ServerCertificate | UnreadCertificate]:
    """Yield the chains of files that are read as one: a new one begins behind each key but the first."""
    parts: list[Part] = []
    for use in files:
        file = read_pem(host, use.name)
        if isinstance(file, Unreadable):
            yield UnreadCertificate(use, str(file), for_users)
            return
        for block in file.pem.blocks:
            if block.is_key and parts and len(files) > 1:
                yield ServerCertificate(files, tuple(parts), names, for_users)
                parts = []
            if not block.is_certificate:
                continue
            found = read_certificate(block)
            if isinstance(found, Refused):
                yield UnreadCertificate(use, f"{escaped(file.source.path)}: {found.why}", for_users)
                return
            parts.append(Part(found, file.first_line(block)))
    if parts:
        yield ServerCertificate(files, tuple(parts), names, for_users)
