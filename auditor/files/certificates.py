"""Certificates: what they say, who issued them, and what of them cannot be read."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from auditor.files import der
from auditor.text import escaped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cryptography import x509

    from auditor.files.pem import Block

T = TypeVar("T")
Name = tuple[frozenset[tuple[str, str | bytes]], ...]
"""A distinguished name in a form that is equal where OpenSSL's ``X509_NAME_cmp`` finds two equal."""

_SHOWN_NAME: Final = 200
"""Characters of a name that are shown; a hostile one may be as long as its file."""


class Refused(NamedTuple):
    """A block that could not be read, and why.

    ``certain`` says that OpenSSL refuses it, too. Where it is false, only the library that mailaudit uses does, which
    is stricter, and what OpenSSL makes of it is not known.
    """

    block: Block
    why: str
    certain: bool


class AuthorityKey(NamedTuple):
    """The extension authorityKeyIdentifier (RFC 5280, section 4.2.1.1)."""

    key_id: bytes | None = None
    serial: int | None = None
    issuers: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """One certificate of a file. Times are in UTC; ``subject`` and ``issuer`` may be shown as they are."""

    block: Block
    subject: str
    issuer: str
    serial: int
    not_before: datetime
    not_after: datetime
    may_issue: bool
    """Whether OpenSSL takes it for a CA (``X509_check_ca``)."""
    may_sign_crls: bool
    subject_name: Name = field(repr=False)
    issuer_name: Name = field(repr=False)
    key_id: bytes | None = field(default=None, repr=False)
    authority: AuthorityKey = field(default=AuthorityKey(), repr=False)
    public_key_info: bytes = field(default=b"", repr=False)
    x509: x509.Certificate | None = field(default=None, repr=False)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in hexadecimal digits."""
        return sha256(der.whole(self.block.der) or b"").hexdigest()

    @property
    def is_self_issued(self) -> bool:
        """Whether it names itself as its issuer, as roots do."""
        return self.subject_name == self.issuer_name and matches(self.authority, self)

    def issued_by(self, other: Certificate) -> bool:
        """Whether another one issued it by name and key identifier (``X509_check_issued``); no signature is checked."""
        return self.issuer_name == other.subject_name and matches(self.authority, other)

    def public_key(self) -> Any:
        """Return the public key, None when the library does not know its kind."""
        certificate = self.x509
        return attempt(lambda: certificate.public_key() if certificate else None)


def matches(authority: AuthorityKey, issuer: Certificate) -> bool:
    """Whether an authorityKeyIdentifier may mean this issuer (``X509_check_akid``, crypto/x509/v3_purp.c)."""
    if authority.key_id and issuer.key_id and authority.key_id != issuer.key_id:
        return False
    if authority.serial is not None and authority.serial != issuer.serial:
        return False
    return not authority.issuers or issuer.issuer_name == authority.issuers[0]


def parted(read: Iterable[T | Refused]) -> tuple[list[T], list[Refused]]:
    """Part what could be read from what could not."""
    found: list[T] = []
    refused: list[Refused] = []
    for one in read:
        if isinstance(one, Refused):
            refused.append(one)
        else:
            found.append(one)
    return found, refused


def read_certificates(blocks: Iterable[Block]) -> tuple[list[Certificate], list[Refused]]:
    """Return the certificates of blocks that hold one, and the blocks that cannot be read."""
    return parted(map(read_certificate, blocks))


def read_certificate(block: Block) -> Certificate | Refused:
    """Return the certificate of a block, or why it cannot be read."""
    if block.error:
        return Refused(block, block.error, certain=True)
    data = der.whole(block.der)
    if data is None:
        return Refused(block, "its contents are damaged", certain=not der.is_well_formed(block.der))
    found = attempt(lambda: _certificate(block, data))
    return found or Refused(
        block, "it is not a certificate that can be read here", certain=not der.is_well_formed(data)
    )


def _certificate(block: Block, data: bytes) -> Certificate:
    from cryptography import x509

    loaded = x509.load_der_x509_certificate(data)
    extensions = {extension.oid.dotted_string: extension.value for extension in loaded.extensions}
    usage = extensions.get("2.5.29.15")
    constraints = extensions.get("2.5.29.19")
    subject_name, issuer_name = canonical_name(loaded.subject), canonical_name(loaded.issuer)
    may_issue = usage is None or usage.key_cert_sign
    if constraints is not None:
        may_issue = may_issue and constraints.ca
    elif usage is None:
        may_issue = loaded.version is x509.Version.v1 and subject_name == issuer_name
    not_before, not_after = utc(loaded, "not_valid_before"), utc(loaded, "not_valid_after")
    if not_before is None or not_after is None:
        raise ValueError
    return Certificate(
        block=block,
        subject=shown_name(loaded.subject),
        issuer=shown_name(loaded.issuer),
        serial=loaded.serial_number,
        not_before=not_before,
        not_after=not_after,
        may_issue=may_issue,
        may_sign_crls=usage is None or usage.crl_sign,
        subject_name=subject_name,
        issuer_name=issuer_name,
        key_id=extensions["2.5.29.14"].digest if "2.5.29.14" in extensions else None,
        authority=authority_key(extensions.get("2.5.29.35")),
        public_key_info=der.public_key_of(data),
        x509=loaded,
    )


def authority_key(extension: Any) -> AuthorityKey:
    """Return what an authorityKeyIdentifier says; nothing when there is none."""
    from cryptography import x509

    if not isinstance(extension, x509.AuthorityKeyIdentifier):
        return AuthorityKey()
    issuers = extension.authority_cert_issuer or []
    names = tuple(canonical_name(one.value) for one in issuers if isinstance(one, x509.DirectoryName))
    return AuthorityKey(extension.key_identifier, extension.authority_cert_serial_number, names)


_SPACES: Final = re.compile(" +")
_ASCII_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def canonical_name(name: x509.Name) -> Name:
    """Return a name for comparing: ASCII letters in lower case, blanks squeezed (``x509_name_canon`` of OpenSSL)."""
    return tuple(
        frozenset(
            (
                attribute.oid.dotted_string,
                _SPACES.sub(" ", attribute.value.translate(_ASCII_LOWER)).strip(" ")
                if isinstance(attribute.value, str)
                else attribute.value,
            )
            for attribute in part
        )
        for part in name.rdns
    )


def shown_name(name: x509.Name) -> str:
    """Return the common name, or else the whole name (RFC 4514), fit for showing."""
    common = [one.value for one in name if one.oid.dotted_string == "2.5.4.3" and isinstance(one.value, str)]
    text = escaped(common[-1] if common else name.rfc4514_string())
    return text if len(text) <= _SHOWN_NAME else text[:_SHOWN_NAME] + "…"


def utc(loaded: object, attribute: str) -> datetime | None:
    """Return a time of a certificate or CRL in UTC, None where it says none; ``…_utc`` came with cryptography 42."""
    if hasattr(loaded, f"{attribute}_utc"):
        value: datetime | None = getattr(loaded, f"{attribute}_utc")
        return value
    plain: datetime | None = getattr(loaded, attribute)
    return plain.replace(tzinfo=UTC) if plain else None


def attempt(call: Callable[[], T]) -> T | None:
    """Return what a call into the library gives, None when it fails in whatever way.

    It fails with many kinds of exceptions on hostile input, Rust's panics (no ``Exception``) among them, and it warns
    on stderr about what is only unusual.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:
            return None
