"""What one passdb answers to one login attempt.

Source: ``passwd_file_verify_plain``, ``static_save_fields``, ``auth_request_password_verify_log``,
``auth_request_set_field`` and ``passdb_get_credentials`` (src/auth, 2.3.19.1 and 2.4.1), tried in tests/live.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.access.addresses import EVERYWHERE, AddressSet
from auditor.files.passwd_file import Entry, PasswdFile
from auditor.model.openings import fields_set, is_plain, why_any, why_empty
from auditor.model.reach import CREDENTIAL_MECHANISMS, WITHOUT_CREDENTIALS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from auditor.access.facts import Because
    from auditor.model.passdb import Passdb
    from auditor.model.passdb_fields import Field

RENAMING_FIELDS: Final = ("user", "username", "domain", "login_user")
"""Fields by which a passdb makes somebody else of the one who logs in."""


FAILING_SCHEMES: Final = frozenset(
    {"CRAM-MD5", "DES-CRYPT", "DIGEST-MD5", "HMAC-MD5", "LDAP-MD5", "MD5", "MD5-CRYPT", "OTP", "PBKDF2", "PLAIN-MD4"}
    | {"PLAIN-MD5", "PLAIN-TRUNC", "SCRAM-SHA-1", "SCRAM-SHA-256", "SHA", "SHA1", "SHA256", "SHA512", "SMD5", "SSHA"}
    | {"SSHA256", "SSHA512"}
)
"""Schemes of which 2.4 takes an empty text for a failure of the passdb, not for a wrong password.

Tried on 2.4.1 and 2.4.5 with every scheme; in 2.3.19 no scheme does so.
"""


class Result(Enum):
    """How a passdb answers (``enum passdb_result``)."""

    OK = "ok"
    NEXT = "next"
    """It has set its fields and leaves the decision to others (``noauthenticate``)."""
    UNKNOWN_USER = "unknown user"
    MISMATCH = "mismatch"
    """The password is wrong, or what is stored does not fit the mechanism."""
    FAILURE = "failure"
    """It could not do its work."""


class Sent(Enum):
    """What a client proves to know."""

    ANYTHING = "anything"
    """A password that is nobody's."""
    NOTHING = "nothing"
    """The empty password."""
    PASSWORD = "the right one"
    """What one passdb has stored for the user."""


class Attempt(NamedTuple):
    """One login: the user name as Dovecot looks it up, the mechanism in capitals, and what the client knows.

    ``password_of`` is the passdb whose password is known; ``known_to`` are the passdbs out of those that cannot be
    read which are taken to know the user, ``failing`` those which are taken to fail. ``source`` are addresses between
    which no passdb in question makes a difference.
    """

    name: str
    mechanism: str
    sent: Sent
    password_of: Passdb | None = None
    known_to: frozenset[Passdb] = frozenset()
    failing: frozenset[Passdb] = frozenset()
    source: AddressSet = EVERYWHERE

    @property
    def by_credentials(self) -> bool:
        """Whether the mechanism asks for what is stored, and compares it itself."""
        return self.mechanism.lower() in CREDENTIAL_MECHANISMS

    def knows(self, passdb: Passdb) -> bool:
        """Whether the client knows what a passdb has stored."""
        return self.sent is Sent.PASSWORD and self.password_of is passdb


class Answer(NamedTuple):
    """A result, the fields that were set on the way, and the places that make it so.

    ``known`` says whether the client knows the credentials that are handed out; None where none are.
    """

    result: Result
    fields: Mapping[str, Field]
    because: tuple[Because, ...] = ()
    known: bool | None = None


class SetFields(NamedTuple):
    """The fields of one login at one passdb: when the password is checked, and afterwards."""

    early: Mapping[str, Field]
    final: Mapping[str, Field]
    networks: AddressSet
    fails: bool


def is_readable(passdb: Passdb) -> bool:
    """Whether it can be said what a passdb has stored."""
    return passdb.driver == "static" or isinstance(passdb.users, PasswdFile)


def set_fields(fields: Iterable[Field]) -> SetFields:
    """Set fields one after the other, each network limit to hold (``auth_request_set_field``)."""
    early: dict[str, Field] = {}
    final: dict[str, Field] = {}
    networks = EVERYWHERE
    fails = False
    for field in fields:
        if field.suffix == "remove":
            final.pop(field.name, None)
            if not field.late:
                early.pop(field.name, None)
        elif not (field.suffix and field.name in final):
            final[field.name] = field
            if not field.late:
                early[field.name] = field
            fails = fails or field.name == "fail"
            if field.name in ("allow_nets", "allow_real_nets"):
                networks &= allowed(field.value)
    return SetFields(early, final, networks, fails)


def allowed(networks: str) -> AddressSet:
    """Return the addresses of ``allow_nets``; ``local`` stands for clients without an address, which come from here."""
    if "%" in networks:
        return EVERYWHERE
    found = AddressSet()
    for word in networks.replace(",", " ").split():
        try:
            found |= AddressSet.of([word])
        except ValueError:
            continue
    return found


def fields_for(passdb: Passdb, entry: Entry | None) -> SetFields:
    """Return the fields of a login of one user, or of anybody where there are no entries."""
    if entry is not None and isinstance(passdb.users, PasswdFile):
        return set_fields(fields_set(passdb, passdb.users, entry))
    return set_fields(passdb.fields)


def answer_of(passdb: Passdb, entry: Entry | None, attempt: Attempt, *, verified: bool) -> Answer:
    """Return the answer that a passdb gives.

    ``entry`` is the user's in its passwd-file. ``verified`` says that an earlier passdb has checked the password.
    """
    if passdb in attempt.failing:
        return Answer(Result.FAILURE, {})
    if not _knows_name(passdb, entry, attempt):
        return Answer(Result.UNKNOWN_USER, {})
    fields = fields_for(passdb, entry)
    compare = _credentials if attempt.by_credentials else _comparison
    result, because, known = compare(passdb, entry, attempt, fields, verified=verified)
    if result is Result.OK and "noauthenticate" in fields.early:
        result = Result.NEXT
    fails = fields.fails or not (attempt.source and fields.networks.covers(attempt.source))
    # Of a deny passdb only its answer counts, whatever its fields say (auth_request_handle_passdb_callback).
    if result is Result.OK and fails and not passdb.is_deny:
        result = Result.UNKNOWN_USER
    return Answer(result, fields.final, because, known)


def _knows_name(passdb: Passdb, entry: Entry | None, attempt: Attempt) -> bool:
    if passdb.driver == "static":
        return True
    return entry is not None if is_readable(passdb) else passdb in attempt.known_to


_Compared = tuple[Result, tuple["Because", ...], "bool | None"]


def _comparison(
    passdb: Passdb, entry: Entry | None, attempt: Attempt, fields: SetFields, *, verified: bool
) -> _Compared:
    """Return how the password compares with the stored one (``verify_plain``)."""
    nopassword = fields.early.get("nopassword")
    if verified or "noauthenticate" in fields.early:
        return Result.OK, (), None
    if passdb.is_deny:
        return Result.MISMATCH, (), None
    if nopassword and (is_readable(passdb) or passdb.compares_itself):
        return Result.OK, why_any(nopassword), None
    if attempt.knows(passdb):
        return Result.OK, ((passdb.origin, "the password is checked here"),), None
    empty = _stores_empty(passdb, entry)
    if empty and attempt.sent is Sent.NOTHING:
        return Result.OK, tuple(_why_empty(passdb, entry)), None
    fails = empty is False and passdb.dialect == "2.4" and _scheme(passdb, entry).partition(".")[0] in FAILING_SCHEMES
    return Result.FAILURE if fails else Result.MISMATCH, (), None


def _credentials(
    passdb: Passdb, entry: Entry | None, attempt: Attempt, fields: SetFields, *, verified: bool
) -> _Compared:
    """Return whether there is something that the mechanism can use, and whether the client knows it."""
    if passdb.driver in WITHOUT_CREDENTIALS:
        return Result.MISMATCH, (), None
    if "noauthenticate" in fields.early:
        return Result.OK, (), None
    if passdb.driver == "static" and passdb.static_password is None:
        if nopassword := fields.early.get("nopassword"):
            # It stands for the empty password (static_save_fields).
            return Result.OK, why_any(nopassword), attempt.sent is Sent.NOTHING
        return Result.OK if verified else Result.MISMATCH, (), None
    empty = _stores_empty(passdb, entry)
    if empty:
        return Result.OK, tuple(_why_empty(passdb, entry)), attempt.sent is Sent.NOTHING
    if empty is False:
        return Result.MISMATCH, (), None
    if is_readable(passdb) and not _suits(_scheme(passdb, entry), attempt.mechanism):
        # What is stored is handed out all the same, and comes before what an earlier passdb has handed out.
        return Result.MISMATCH, (), False
    return Result.OK, ((passdb.origin, "the password is looked up here"),), attempt.knows(passdb)


def _suits(scheme: str, mechanism: str) -> bool:
    return is_plain(scheme) or scheme.partition(".")[0] in CREDENTIAL_MECHANISMS[mechanism.lower()]


def _scheme(passdb: Passdb, entry: Entry | None) -> str:
    if entry is not None:
        return entry.scheme or passdb.scheme[0]
    stored = passdb.static_password
    text = stored[0] if stored else ""
    return text[1:].partition("}")[0].upper() if text.startswith("{") and "}" in text else "PLAIN"


def stores_password(passdb: Passdb, entry: Entry | None) -> bool:
    """Whether something is stored that a client may know, or may be where that cannot be said."""
    if not is_readable(passdb):
        return True
    return (entry is not None or passdb.static_password is not None) and _stores_empty(passdb, entry) is None


def _stores_empty(passdb: Passdb, entry: Entry | None) -> bool | None:
    """Return whether the empty text that is stored is the empty password; None where something else is stored."""
    if entry is not None:
        return is_plain(_scheme(passdb, entry)) if entry.is_empty else None
    if (stored := passdb.static_password) is None:
        return None
    text = stored[0]
    bare = text.partition("}")[2] if text.startswith("{") and "}" in text else text
    return None if bare else is_plain(_scheme(passdb, None))


def _why_empty(passdb: Passdb, entry: Entry | None) -> Iterator[Because]:
    if entry is not None and isinstance(passdb.users, PasswdFile):
        yield from why_empty(passdb, passdb.users, entry)
    elif stored := passdb.static_password:
        yield stored[1], "the password of everybody is the empty one"
