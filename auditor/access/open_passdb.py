"""A passdb that lets people in who know nothing, and the one way of saying so that fits it best.

Several rules look at the same hole from their own side; which of them speaks about a passdb is decided here, once, so
that one hole is one finding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Final

from auditor.access.addresses import EVERYWHERE, LOOPBACK, AddressSet
from auditor.access.rows import Secret
from auditor.access.ways import name_limit
from auditor.files.passwd_file import PasswdFile
from auditor.finding import Severity
from auditor.model.dovecot_fixes import in_block
from auditor.model.fixes import all_of, for_external_only
from auditor.model.reach import POSTFIX_SERVICE
from auditor.model.vocabulary import spelled

if TYPE_CHECKING:
    from collections.abc import Collection

    from auditor.access.facts import Because
    from auditor.access.logins import Login
    from auditor.change import Fix
    from auditor.model.dovecot import Dovecot
    from auditor.model.passdb import Passdb
    from auditor.model.reach import Reach

MAX_MASTERS: Final = 20
"""Names that a fix writes out."""
_PLAIN_NAME: Final = re.compile(r"[\w.@-]+")


class Hole(Enum):
    """What is to be said about an open passdb: the first of these that is true of it."""

    MASTER = "master"
    """Its users may log in as anybody."""
    PROTOCOL = "protocol"
    """It stands in a protocol block."""
    WIDE_FILTER = "wide filter"
    """Its mechanism filter names EXTERNAL, and a mechanism with passwords beside it."""
    ANY_PASSWORD = "any password"
    EMPTY_PASSWORD = "empty password"
    UNDECIDED = "undecided"
    """It was made for EXTERNAL, passwords get to it, and what it answers to them is not known."""


@dataclass(frozen=True, eq=False)
class OpenPassdb:
    """A passdb that a login with a worthless password gets to, the logins that succeed so, the worst first, and how."""

    dovecot: Dovecot
    passdb: Passdb
    hole: Hole
    logins: tuple[Login, ...]
    reaches: tuple[Reach, ...]

    @property
    def protocols(self) -> str:
        """The protocols of the logins in brackets, behind a blank; empty where none is known."""
        names = dict.fromkeys(reach.protocol for reach in self.reaches if reach.protocol)
        return f" ({', '.join(names)})" if names else ""

    @property
    def by_certificate_only(self) -> bool:
        """Whether no password mechanism gets to it."""
        return all(reach.mechanism == "external" for reach in self.reaches)

    @property
    def needs_certificate(self) -> bool:
        """Whether nobody gets in so without some certificate of the CAs that are trusted."""
        return bool(self.logins) and not any(login.certificate.is_open for login in self.logins)

    @property
    def only_proxies(self) -> bool:
        """Whether another server checks the password of every such login; Postfix takes a yes for a yes."""
        return self.passdb.proxies and all(reach.protocol != POSTFIX_SERVICE for reach in self.reaches)

    @property
    def severity(self) -> Severity:
        """How bad it is.

        Milder behind ``allow_nets`` or a certificate for some, in front of another server, and where nothing is known.
        """
        if self.only_proxies:
            return Severity.MEDIUM
        if not self.logins or all(login.networks != EVERYWHERE for login in self.logins):
            return Severity.HIGH
        if self.needs_certificate and not (self.by_certificate_only and self._every_certificate):
            return Severity.HIGH
        return Severity.CRITICAL

    @property
    def _every_certificate(self) -> bool:
        """Whether everybody with a certificate is one of its users, not only those of a file of its own."""
        others = {other.users_file for other in self.dovecot.passdbs if not other.is_master}
        return not isinstance(self.passdb.users, PasswdFile) or self.passdb.users_file in others

    @cached_property
    def who(self) -> str:
        """Who gets in as whom: ``anyone can log in as any user in FILE with an empty password (imap, pop3)``."""
        if self.by_certificate_only:
            return f"a certificate of {self.logins[0].users} is enough to log in{self.protocols}"
        parts = []
        for secret in dict.fromkeys(login.secret for login in self.logins):
            users, *others = dict.fromkeys(login.users for login in self.logins if login.secret is secret)
            limit = name_limit(self.passdb)
            whom = f"{users}{'' if limit in users else limit}{', and others,' if others else ''}"
            parts.append(f"as {whom} with {secret.value}")
        holder = " with a certificate" if self.needs_certificate else ""
        networks = AddressSet.of_ranges(part for login in self.logins for part in login.networks.ranges)
        source = f" from {networks - LOOPBACK}" if networks != EVERYWHERE else ""
        return f"anyone{holder}{source} can log in {', and '.join(parts)}{self.protocols}"

    @property
    def label(self) -> str:
        """What to say at the block itself."""
        if self.passdb.filter is None:
            return f"every mechanism is let in: no `{self.passdb.filter_setting}` line"
        return ""

    @cached_property
    def because(self) -> tuple[Because, ...]:
        """The places that make it so."""
        one_each = {(login.users, login.secret): login for login in reversed(self.logins)}
        places = [place for login in reversed(one_each.values()) for place in login.because]
        if (filter_ := self.passdb.filter) is not None:
            mechanisms = dict.fromkeys(reach.mechanism for reach in self.reaches)
            places.append((filter_.origin, f"`{filter_.setting}` lets in {', '.join(mechanisms)}"))
        if not places:
            first = self.reaches[0].mechanism
            places.append((self.dovecot.mechanisms[first].origin, f"{first.upper()} is offered here"))
        return tuple(dict.fromkeys(places))

    @property
    def advice(self) -> str:
        """The edit that closes it."""
        setting = self.passdb.filter_setting
        if self.by_certificate_only:
            names = spelled("passdb_username_filter", self.passdb.dialect).removeprefix("passdb_")
            return f"add `{names} = NAMES OF THE MASTER USERS` inside this passdb block"
        if self.passdb.proxies:
            return "make sure that the server behind it checks every password, and that nobody else can reach it"
        if self._filter_would_do:
            reduce = f"reduce the filter to `{setting} = external`"
            return f"add `{setting} = external` inside this passdb block" if self.passdb.filter is None else reduce
        if any(login.secret is Secret.ANY_PASSWORD for login in self.logins):
            return "take `nopassword` out and give each user a password of their own"
        return "give each user a password, or set the scheme to CRYPT, under which an empty field matches nothing"

    @property
    def fix(self) -> Fix | None:
        """The edit that closes it, where a filter does; unsafe where it is not known whom it keeps out."""
        if self.passdb.proxies or not self._filter_would_do:
            return None
        filtered = None if self.by_certificate_only else for_external_only(self.passdb)
        if self.hole is Hole.UNDECIDED:
            return filtered.unsafe() if filtered else None
        if self.hole is not Hole.MASTER or not self.dovecot.takes_names_from_certificates:
            return filtered
        named = self._for_its_users_only
        return named if self.by_certificate_only else all_of(filtered, named)

    @property
    def _for_its_users_only(self) -> Fix | None:
        """The edit that names the masters, where a file of their own says who they are."""
        users = self.passdb.users
        if not isinstance(users, PasswdFile) or self._every_certificate or len(users.entries) > MAX_MASTERS:
            return None
        names = list(dict.fromkeys(entry.user for entry in users.entries))
        if not all(map(_PLAIN_NAME.fullmatch, names)):
            return None
        return in_block(self.dovecot, self.passdb.section, "passdb_username_filter", " ".join(names))

    @property
    def _filter_would_do(self) -> bool:
        filter_ = self.passdb.filter
        return "external" in self.dovecot.mechanisms if filter_ is None else filter_.admits("external")


def hole_of(passdb: Passdb, logins: Collection[Login]) -> Hole:
    """Return what is to be said about a passdb that lets these logins in, or may let others in where there are none."""
    if passdb.is_master:
        return Hole.MASTER
    if passdb.protocol:
        return Hole.PROTOCOL
    if passdb.filter is not None and passdb.filter.admits("external"):
        return Hole.WIDE_FILTER
    any_password = any(login.secret is Secret.ANY_PASSWORD for login in logins)
    return Hole.ANY_PASSWORD if any_password else Hole.EMPTY_PASSWORD
