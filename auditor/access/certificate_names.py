"""Which names the certificates of users have, as far as the CA's folder shows, and whether those can be user names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.files.passwd_file import PasswdFile
from auditor.model.certificate_facts import subject_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.dovecot.configuration import Setting
    from auditor.files.certificates import Certificate
    from auditor.model.dovecot import Dovecot
    from auditor.model.passdb import Passdb

COMMON_NAME: Final = "2.5.4.3"
ATTRIBUTES: Final = {
    "commonName": COMMON_NAME,
    "CN": COMMON_NAME,
    "emailAddress": "1.2.840.113549.1.9.1",
    "userId": "0.9.2342.19200300.100.1.1",
    "UID": "0.9.2342.19200300.100.1.1",
    "rfc822Mailbox": "0.9.2342.19200300.100.1.3",
    "mail": "0.9.2342.19200300.100.1.3",
    "serialNumber": "2.5.4.5",
    "x500UniqueIdentifier": "2.5.4.45",
}
"""Attributes of subjects by OpenSSL's long and short names (obj_mac.num, objects.txt)."""
NO_ATTRIBUTES: Final = frozenset(
    {"subjectAltName", "issuerAltName", "extendedKeyUsage", "keyUsage", "subjectKeyIdentifier", "basicConstraints"}
)
"""Names that OpenSSL knows for extensions: ``X509_NAME_get_text_by_NID`` finds none of them in a subject."""


class FieldInUse(NamedTuple):
    """A setting that names the field with the user's name, where certificates are what users log in with."""

    setting: Setting
    passdbs: tuple[Passdb, ...]
    """Those that certificate logins get to."""

    @property
    def oid(self) -> str:
        """The attribute's OID; empty where it is not known."""
        return ATTRIBUTES.get(self.setting.value, "")

    @property
    def is_no_attribute(self) -> bool:
        """Whether no subject can have it."""
        return self.setting.value in NO_ATTRIBUTES

    def found_in(self, certificates: Iterable[Certificate]) -> set[str]:
        """Return the user names that certificates come with: of several values of one the first counts."""
        values = (subject_values(one, self.oid)[:1] for one in certificates)
        return {value for found in values for value in found}

    def is_of_no_user(self, names: Iterable[str]) -> bool:
        """Whether none of these names is in the passdbs that certificates get to, letter case aside; False if unknown.

        By default auth makes names lower-case (auth_username_format).
        """
        files = [passdb.users for passdb in self.passdbs]
        known = [file for file in files if isinstance(file, PasswdFile)]
        users = {entry.user.lower() for file in known for entry in file.entries}
        return bool(users) and len(known) == len(files) and not any(name.lower() in users for name in names)


def fields_in_use(dovecot: Dovecot, asked: tuple[Passdb, ...]) -> Iterator[FieldInUse]:
    """Yield the settings that decide which name a certificate gives; ``asked`` are the passdbs that it gets to."""
    if dovecot.takes_names_from_certificates:
        for setting in dovecot.tls_settings("username_field"):
            if setting.literal:
                yield FieldInUse(setting, asked)
