"""Whom a file or directory of CA certificates trusts, and with which CRLs."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.files.certificates import Certificate, Refused, read_certificates
from auditor.files.crls import Crl, read_crls
from auditor.files.pem import PemFile, read_pem
from auditor.host import Host, Unreadable

if TYPE_CHECKING:
    from auditor.files.certificates import Name
    from auditor.files.pem import Block

MAX_OF_ONE_NAME: Final = 50
"""Certificates, and CRLs, of one name that are compared with each other."""
MAX_HASHED: Final = 1_000
"""Files of a directory that are read."""

MAX_DEPTH: Final = 20
"""CAs above one that are followed."""
_HASHED: Final = re.compile(r"[0-9a-f]{8}\.r?[0-9]+")


@dataclass(frozen=True, eq=False)
class TrustFile:
    """A file with CA certificates and CRLs, such as Dovecot's ``ssl_ca`` or Postfix's ``smtpd_tls_CAfile``.

    ``refused`` are blocks that cannot be read; where one of them is ``certain``, OpenSSL reads nothing of the file
    (``PEM_X509_INFO_read_bio``).
    """

    file: PemFile
    certificates: tuple[Certificate, ...]
    crls: tuple[Crl, ...]
    refused: tuple[Refused, ...] = ()

    @property
    def stray(self) -> tuple[Block, ...]:
        """Certificates and CRLs in DER form, which OpenSSL does not see."""
        return self.file.pem.stray

    @property
    def keys(self) -> tuple[Block, ...]:
        """Private keys, which do not belong here."""
        return self.file.pem.keys

    @property
    def unparsable(self) -> tuple[Refused, ...]:
        """The blocks that make OpenSSL refuse the file."""
        return tuple(one for one in self.refused if one.certain)

    @cached_property
    def cas(self) -> tuple[Certificate, ...]:
        """The certificates that may issue others."""
        return tuple(one for one in self.certificates if one.may_issue)

    @cached_property
    def roots(self) -> tuple[Certificate, ...]:
        """The CAs that issued themselves."""
        return tuple(one for one in self.cas if one.is_self_issued)

    @cached_property
    def _by_name(self) -> dict[Name, list[Certificate]]:
        found: dict[Name, list[Certificate]] = defaultdict(list)
        for one in self.cas:
            if len(found[one.subject_name]) < MAX_OF_ONE_NAME:
                found[one.subject_name].append(one)
        return found

    @cached_property
    def _crls_by_name(self) -> dict[Name, list[Crl]]:
        found: dict[Name, list[Crl]] = defaultdict(list)
        for crl in self.crls:
            if len(found[crl.issuer_name]) < MAX_OF_ONE_NAME:
                found[crl.issuer_name].append(crl)
        return found

    def issuer_of(self, certificate: Certificate) -> Certificate | None:
        """Return the CA of this file that issued a certificate, by name and key identifier."""
        candidates = self._by_name.get(certificate.issuer_name, ())
        return next((one for one in candidates if certificate.issued_by(one)), None)

    def crls_named(self, ca: Certificate) -> list[Crl]:
        """Return the CRLs whose issuer has the name of a CA, in the order of the file."""
        return self._crls_by_name.get(ca.subject_name, [])

    @cached_property
    def foreign_crls(self) -> tuple[Crl, ...]:
        """CRLs whose issuer is none of the CAs here, by name or by key."""
        return tuple(
            crl for crl in self.crls if not any(crl.is_by(ca) for ca in self._by_name.get(crl.issuer_name, ()))
        )

    @cached_property
    def out_of_order(self) -> tuple[tuple[Certificate | Crl, str], ...]:
        """What stands elsewhere than Dovecot's documentation has it, and where it belongs.

        The order is: issuing CA's certificate, its CRL, next CA's certificate, its CRL, and so on to the root (wiki,
        SSL/DovecotConfiguration). OpenSSL does not mind.
        """
        faults: list[tuple[Certificate | Crl, str]] = []
        parts: list[Certificate | Crl] = sorted((*self.cas, *self.crls), key=lambda part: part.block.start)
        passed: set[int] = set()
        current: Certificate | None = None
        for part in parts:
            if isinstance(part, Certificate):
                issuer = None if part.is_self_issued else self.issuer_of(part)
                if issuer is not None and id(issuer) in passed:
                    faults.append((part, f"the certificate of {part.subject} belongs in front of {issuer.subject}'s"))
                passed.add(id(part))
                current = part
            elif part not in self._foreign and (current is None or not part.is_by(current)):
                faults.append((part, f"the CRL of {part.issuer} belongs right behind that CA's certificate"))
        return tuple(faults)

    @cached_property
    def in_documented_order(self) -> tuple[Certificate | Crl, ...]:
        """The CAs and their CRLs in that order; CRLs of others are left out."""
        crls = [crl for crl in self.crls if crl not in self._foreign]
        found: dict[Certificate | Crl, None] = {}
        for ca in sorted(self.cas, key=self._cas_above, reverse=True):
            found[ca] = None
            found.update(dict.fromkeys(crl for crl in self._crls_by_name.get(ca.subject_name, ()) if crl.is_by(ca)))
        return (*found, *(crl for crl in crls if crl not in found))

    def _cas_above(self, ca: Certificate) -> int:
        """Return how many CAs of this file stand above one."""
        number = 0
        while number < MAX_DEPTH and not ca.is_self_issued and (issuer := self.issuer_of(ca)) is not None:
            ca, number = issuer, number + 1
        return number

    @cached_property
    def _foreign(self) -> frozenset[Crl]:
        return frozenset(self.foreign_crls)


class TrustDirectory(NamedTuple):
    """A directory of CA certificates under hashed names (``c_rehash``), such as ``smtpd_tls_CApath``.

    ``cut`` says that there are more than ``MAX_HASHED`` files.
    """

    name: str
    certificates: tuple[Certificate, ...]
    crls: tuple[Crl, ...] = ()
    refused: tuple[Refused, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    cut: bool = False


def read_trust_file(host: Host, name: str) -> TrustFile | Unreadable:
    """Return the CA certificates and CRLs of a file, or why it cannot be read."""
    file = read_pem(host, name)
    return file if isinstance(file, Unreadable) else trust_file(file)


def trust_file(file: PemFile) -> TrustFile:
    """Return the CA certificates and CRLs of a PEM file."""
    certificates, refused = read_certificates(file.pem.certificates)
    crls, refused_crls = read_crls(file.pem.crls)
    known = {one.block.start for one in (*refused, *refused_crls)}
    others = [Refused(block, block.error, certain=True) for block in file.pem.errors if block.start not in known]
    in_order = sorted((*refused, *refused_crls, *others), key=lambda one: one.block.start)
    return TrustFile(file, tuple(certificates), tuple(crls), tuple(in_order))


def read_trust_directory(host: Host, name: str) -> TrustDirectory | Unreadable:
    """Return what stands under hashed names in a directory, or why it cannot be read."""
    entries = host.entries(name)
    if isinstance(entries, Unreadable):
        return entries
    hashed = [entry for entry in entries if _HASHED.fullmatch(entry)]
    certificates: dict[bytes, Certificate] = {}
    crls: dict[bytes, Crl] = {}
    refused: list[Refused] = []
    unreadable: list[Unreadable] = []
    for entry in hashed[:MAX_HASHED]:
        found = read_trust_file(host, f"{name.rstrip('/')}/{entry}")
        if isinstance(found, Unreadable):
            unreadable.append(found)
            continue
        refused += found.refused
        if ".r" in entry:
            crls.update((crl.block.der, crl) for crl in found.crls)
        else:
            certificates.update((one.block.der, one) for one in found.certificates)
    return TrustDirectory(
        name,
        tuple(certificates.values()),
        tuple(crls.values()),
        tuple(refused),
        tuple(unreadable),
        cut=len(hashed) > MAX_HASHED,
    )
