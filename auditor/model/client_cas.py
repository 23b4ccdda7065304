"""Whose client certificates an smtpd service trusts: its CA file, its CA directories and the system's CAs."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.files.trust import TrustDirectory, TrustFile, read_trust_directory, read_trust_file
from auditor.host import Host, Unreadable
from auditor.model.public_trust import leads_to_system_store, public_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.files.crls import Crl
    from auditor.postfix.configuration import Parameter

WITHOUT_APPEND_PARAMETER: Final = ((2, 4, 15), (2, 5, 11), (2, 6, 8), (2, 7, 2))
"""The first release of each branch that has tls_append_default_CA; those before always add the system's CAs.

Source: HISTORY 20100610; src/tls/tls_certkey.c of v2.4.14 and v2.4.15, v2.5.10 and v2.5.11, v2.6.7 and v2.6.8, v2.7.1
and v2.7.2.
"""


def always_appends_default_ca(version: tuple[int, ...]) -> bool:
    """Whether a release adds the system's CAs to CAfile and CApath whatever the configuration says."""
    if not version or version >= WITHOUT_APPEND_PARAMETER[-1]:
        return False
    first = next((one for one in WITHOUT_APPEND_PARAMETER if one[:2] == version[:2]), None)
    return first is None or version < first


class PublicCa(NamedTuple):
    """A CA that issues to the public, among those that are trusted: the parameter that brings it in, and its name.

    The name is empty for a system's own store as a whole.
    """

    parameter: Parameter
    store: str
    name: str = ""


@dataclass(frozen=True, eq=False)
class ClientAuthorities:
    """The CAs of one service. ``folder`` is where the daemon runs, and what relative names are relative to."""

    host: Host
    folder: str
    file: Parameter
    path: Parameter
    append_default: Parameter
    always_append: bool

    @property
    def configured(self) -> bool:
        """Whether CAfile or CApath names anything; nobody is trusted otherwise (tls_certkey.c)."""
        return bool(self.file.effective or self.path.effective)

    @property
    def appends_default(self) -> bool:
        """Whether the system's CAs are trusted, too: only beside CAfile or CApath (tls_set_ca_certificate_info)."""
        return self.configured and (self.always_append or self.append_default.effective.lower() == "yes")

    @property
    def appending(self) -> Parameter:
        """The parameter that brings the system's CAs in; in releases that always add them, CAfile or CApath."""
        if not self.always_append:
            return self.append_default
        return self.file if self.file.effective else self.path

    @property
    def settings(self) -> tuple[Parameter, ...]:
        """The parameters that name CAs."""
        return tuple(one for one in (self.file, self.path) if one.effective)

    @property
    def _stores(self) -> Iterator[tuple[Parameter, str]]:
        """Yield the file and the directories; OpenSSL takes several, joined by colons (X509_LOOKUP_hash_dir(3))."""
        if self.file.effective:
            yield self.file, posixpath.join(self.folder, self.file.effective)
        for name in filter(None, self.path.effective.split(":")):
            yield self.path, posixpath.join(self.folder, name)

    @cached_property
    def _read(self) -> tuple[tuple[Parameter, str, TrustFile | TrustDirectory | Unreadable | None], ...]:
        """The stores with what is in them; a system's own is not opened."""
        return tuple((parameter, name, self._contents(parameter, name)) for parameter, name in self._stores)

    def _contents(self, parameter: Parameter, name: str) -> TrustFile | TrustDirectory | Unreadable | None:
        if leads_to_system_store(self.host, name):
            return None
        read = read_trust_file if parameter is self.file else read_trust_directory
        return read(self.host, posixpath.normpath(name))

    @cached_property
    def public(self) -> tuple[PublicCa, ...]:
        """The public CAs among those of CAfile and CApath."""
        found: list[PublicCa] = []
        for parameter, name, contents in self._read:
            if contents is None:
                found.append(PublicCa(parameter, name))
            elif not isinstance(contents, Unreadable):
                found += [PublicCa(parameter, name, one) for one in public_names(contents.certificates)]
        return tuple(found)

    @cached_property
    def unread(self) -> tuple[tuple[Parameter, Unreadable], ...]:
        """The stores that cannot be read, and why."""
        return tuple((parameter, one) for parameter, _, one in self._read if isinstance(one, Unreadable))

    @cached_property
    def crls(self) -> tuple[tuple[Parameter, Crl], ...]:
        """The CRLs that stand beside the CAs, with the parameter; Postfix looks at none."""
        read = ((parameter, one) for parameter, _, one in self._read if isinstance(one, TrustFile | TrustDirectory))
        return tuple((parameter, crl) for parameter, one in read for crl in one.crls)
