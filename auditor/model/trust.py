"""The files that client certificates are verified against, each once, with everything that uses it.

What a wrong file does was tried. Dovecot 2.3.19 and 2.4.1 load it only where they ask for client certificates, and then
a block that cannot be parsed fails every TLS handshake. Postfix 3.7.11 loads it always; with one that is missing,
cannot be parsed or holds no certificate it answers STARTTLS with ``454 TLS not available due to local problem``.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from auditor.files.crls import Crl, read_crl
from auditor.files.pem import Block
from auditor.files.trust import TrustFile, read_trust_file
from auditor.host import Unreadable
from auditor.model.crl_check import CaCrl, CrlState, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from auditor.files.certificates import Certificate, Name
    from auditor.host import Host
    from auditor.model.files import TrustUse
    from auditor.text import Span


class Fault(NamedTuple):
    """Why OpenSSL refuses a file as a whole, and where."""

    what: str
    span: Span | None = None
    label: str = ""


@dataclass(frozen=True, eq=False)
class ClientTrust:
    """One file of CA certificates and CRLs, and its uses."""

    uses: tuple[TrustUse, ...]
    file: TrustFile
    now: datetime

    @property
    def name(self) -> str:
        """The file's absolute name."""
        return self.uses[0].file.name

    @property
    def path(self) -> str:
        """The path of the file that the user can open."""
        return self.file.file.source.path

    @property
    def fault(self) -> Fault | None:
        """What makes OpenSSL refuse the file; None when it takes it.

        Dovecot takes a file without any certificate, too, unless it is empty.
        """
        if self.keeps_daemon_from_starting and not self.file.stray:
            return Fault("holds NUL characters, with which Dovecot 2.4 does not start")
        if unparsable := self.file.unparsable:
            return Fault("cannot be parsed", self.line_of(unparsable[0].block), unparsable[0].why)
        if not self.file.file.source.text and any(use.refuses_empty for use in self.uses):
            return Fault("is empty")
        by_postfix = any(use.file.product == "postfix" for use in self.uses)
        if by_postfix and not self.file.certificates and not self.file.crls and not self.file.refused:
            return Fault("holds no certificate")
        return None

    @property
    def keeps_daemon_from_starting(self) -> bool:
        """Whether the file holds NUL characters, as DER does, and a daemon refuses that."""
        return bool(self.file.file.pem.nul_line) and any(use.refuses_nul for use in self.uses)

    @property
    def loading_use(self) -> TrustUse | None:
        """A use for which the daemon loads the file."""
        nul = self.keeps_daemon_from_starting
        return next((use for use in self.uses if nul or use.asks or use.file.product == "postfix"), None)

    @property
    def asking_use(self) -> TrustUse | None:
        """A use for which clients are asked for certificates."""
        return next((use for use in self.uses if use.asks), None)

    @property
    def crl_use(self) -> TrustUse | None:
        """A use for which the daemon checks client certificates against the CRLs of the file."""
        checking = [use for use in self.uses if use.asks and use.checks_crl]
        return next((use for use in checking if use.counts), checking[0] if checking else None)

    @cached_property
    def crl_states(self) -> tuple[CaCrl, ...]:
        """What the CRL check finds for each CA, in the order of the file."""
        return crl_states(self.file, self.now)

    def with_crl_state(self, *states: CrlState) -> list[CaCrl]:
        """Return the CAs whose CRL is in one of these states."""
        return [found for found in self.crl_states if found.state in states]

    @cached_property
    def unseen_crls(self) -> tuple[tuple[Block, Crl | None], ...]:
        """The CRLs in DER form, which OpenSSL does not see in a PEM file; None for one that cannot be read."""
        found = ((block, read_crl(block)) for block in self.file.stray if block.is_crl)
        return tuple((block, crl if isinstance(crl, Crl) else None) for block, crl in found)

    @cached_property
    def without_crl(self) -> tuple[CaCrl, ...]:
        """The CAs for which there is no CRL of any kind here: none of another key, none in DER form, none of strangers.

        Those have findings of their own.
        """
        if self.file.foreign_crls or any(crl is None for _, crl in self.unseen_crls):
            return ()
        missing = self.with_crl_state(CrlState.MISSING)
        return tuple(found for found in missing if not any(crl and crl.is_by(found.ca) for _, crl in self.unseen_crls))

    @cached_property
    def gaps_in_chains(self) -> tuple[CaCrl, ...]:
        """The CAs without a CRL that are in one chain with a CA that has one."""
        with_crl = {id(found.ca) for found in self.crl_states if found.state is not CrlState.MISSING}
        linked = self._linked_with(with_crl)
        return tuple(found for found in self.without_crl if id(found.ca) in linked)

    @cached_property
    def without_any_crl(self) -> tuple[CaCrl, ...]:
        """The CAs without a CRL of which the same is true of their whole chain, and those whose CRL cannot be used."""
        in_chains = {id(found) for found in self.gaps_in_chains}
        alone = tuple(found for found in self.without_crl if id(found) not in in_chains)
        return (*alone, *self.with_crl_state(CrlState.UNUSABLE))

    @property
    def cas_in_use(self) -> tuple[Certificate, ...]:
        """The CAs of which the file has no certificate that ends later: OpenSSL takes one that is not over."""
        latest: dict[tuple[Name, bytes], Certificate] = {}
        for ca in self.file.cas:
            known = latest.setdefault((ca.subject_name, ca.public_key_info), ca)
            if ca.not_after > known.not_after:
                latest[ca.subject_name, ca.public_key_info] = ca
        return tuple(latest.values())

    def _linked_with(self, some: set[int]) -> set[int]:
        neighbours: dict[int, set[int]] = defaultdict(set)
        for ca in self.file.cas:
            issuer = self.file.issuer_of(ca)
            if issuer is not None and issuer is not ca:
                neighbours[id(ca)].add(id(issuer))
                neighbours[id(issuer)].add(id(ca))
        reached, pending = set(some), list(some)
        while pending:
            fresh = neighbours[pending.pop()] - reached
            reached |= fresh
            pending += fresh
        return reached

    def line_of(self, part: Certificate | Crl | Block) -> Span:
        """Return the first line of a certificate, a CRL or a block in the file."""
        return self.file.file.first_line(part if isinstance(part, Block) else part.block)


def crl_states(file: TrustFile, now: datetime) -> tuple[CaCrl, ...]:
    """Return what the CRL check finds for each CA of a file at a time (in UTC)."""
    return tuple(judge(ca, file.crls_named(ca), now) for ca in file.cas)


def client_trusts(
    host: Host, uses: Iterable[TrustUse], now: datetime
) -> Iterator[ClientTrust | tuple[TrustUse, Unreadable]]:
    """Yield each file that client certificates are verified against, or a use of it and why it cannot be read."""
    by_name: dict[str, list[TrustUse]] = defaultdict(list)
    for use in uses:
        by_name[use.file.name].append(use)
    for name, group in by_name.items():
        found = read_trust_file(host, name)
        yield (group[0], found) if isinstance(found, Unreadable) else ClientTrust(tuple(group), found, now)
