"""The passdbs that let people in who know nothing, each with the one way of saying so that fits it best.

Several rules look at the same hole from their own side; which of them speaks about a passdb is decided here, once, so
that one hole is one finding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Final

from auditor.files.passwd_file import PasswdFile
from auditor.finding import Severity
from auditor.model.dovecot_fixes import in_block
from auditor.model.fixes import all_of, for_external_only
from auditor.model.openings import Answer, Opening
from auditor.model.reach import PASSWORD_MECHANISMS, POSTFIX_SERVICE, Reach
from auditor.model.vocabulary import spelled
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.change import Fix
    from auditor.model.dovecot import Dovecot
    from auditor.model.passdb import Passdb
    from auditor.text import Origin


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
    """A passdb that a login with a worthless password gets to, and how."""

    dovecot: Dovecot
    passdb: Passdb
    hole: Hole
    openings: tuple[Opening, ...]
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
    def only_proxies(self) -> bool:
        """Whether another server checks the password of every such login; Postfix takes a yes for a yes."""
        return self.passdb.proxies and all(reach.protocol != POSTFIX_SERVICE for reach in self.reaches)

    @property
    def severity(self) -> Severity:
        """How bad it is: milder behind ``allow_nets`` or a certificate for some, and in front of another server."""
        if self.only_proxies:
            return Severity.MEDIUM
        if self.openings and all(opening.networks for opening in self.openings):
            return Severity.HIGH
        if self.by_certificate_only and not self._every_certificate:
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
            users = self.openings[0].users
            return f"a certificate of {users} is enough to log in{self.protocols}"
        parts = [f"as {opening.users}{self._limit} with {opening.answer.value}" for opening in self.openings]
        networks = shortened(self.openings[0].networks)
        return f"anyone{f' from {networks}' if networks else ''} can log in {', and '.join(parts)}{self.protocols}"

    @property
    def _limit(self) -> str:
        names = shortened(self.passdb.username_filter)
        return f" whose name passes the filter `{names}`" if names else ""

    @property
    def label(self) -> str:
        """What to say at the block itself."""
        if self.passdb.filter is None:
            return f"every mechanism is let in: no `{self.passdb.filter_setting}` line"
        return ""

    @cached_property
    def because(self) -> tuple[tuple[Origin, str], ...]:
        """The places that make it so."""
        places = [place for opening in self.openings for place in opening.because]
        if (filter_ := self.passdb.filter) is not None:
            mechanisms = dict.fromkeys(reach.mechanism for reach in self.reaches)
            places.append((filter_.origin, f"`{filter_.setting}` lets in {', '.join(mechanisms)}"))
        offered = self.dovecot.mechanisms
        first = next(iter(self.reaches)).mechanism
        places.append((offered[first].origin, f"{first} is offered here"))
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
        if any(opening.answer is Answer.ANY_PASSWORD for opening in self.openings):
            return "take `nopassword` out and give each user a password of their own"
        return "give each user a password, or set the scheme to CRYPT, under which an empty field matches nothing"

    @property
    def fix(self) -> Fix | None:
        """The edit that closes it, where a filter does."""
        if self.passdb.proxies or not self._filter_would_do:
            return None
        filtered = None if self.by_certificate_only else for_external_only(self.passdb)
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


def open_passdbs(dovecot: Dovecot) -> Iterator[OpenPassdb]:
    """Yield the passdbs of an instance that are open, or that may be."""
    for passdb in dovecot.passdbs:
        reaches = tuple(_reaches(dovecot, passdb))
        if not reaches or passdb.is_deny:
            continue
        if passdb.openings:
            yield OpenPassdb(dovecot, passdb, _hole(passdb), passdb.openings, reaches)
        elif passdb.unknown and _should_be_filtered(dovecot, passdb):
            yield OpenPassdb(dovecot, passdb, Hole.UNDECIDED, (), reaches)


def _should_be_filtered(dovecot: Dovecot, passdb: Passdb) -> bool:
    return passdb.filter is None and passdb.meant_for_external and "external" in dovecot.mechanisms


def _hole(passdb: Passdb) -> Hole:
    if passdb.is_master:
        return Hole.MASTER
    if passdb.protocol:
        return Hole.PROTOCOL
    if passdb.filter is not None and passdb.filter.admits("external"):
        return Hole.WIDE_FILTER
    any_password = any(opening.answer is Answer.ANY_PASSWORD for opening in passdb.openings)
    return Hole.ANY_PASSWORD if any_password else Hole.EMPTY_PASSWORD


def _reaches(dovecot: Dovecot, passdb: Passdb) -> Iterator[Reach]:
    """Yield the ways by which logins get to a passdb that say nothing about who the client is.

    A master login needs a name to log in as: PLAIN and EXTERNAL carry one, LOGIN needs ``auth_master_user_separator``.
    A certificate for a master passdb says who the client is, but opens every mailbox where no filter limits the names.
    """
    if not passdb.is_master:
        yield from dovecot.reached_by(passdb, PASSWORD_MECHANISMS)
        return
    separator = dovecot.get("auth_master_user_separator")
    yield from dovecot.reached_by(passdb, PASSWORD_MECHANISMS if separator and separator.value else ("plain",))
    if not passdb.username_filter and dovecot.takes_names_from_certificates:
        yield from dovecot.reached_by(passdb, ("external",))
