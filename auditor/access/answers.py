"""What one passdb answers to one login attempt.

Source: ``passwd_file_verify_plain``, ``static_save_fields``, ``auth_request_password_verify_log``,
``auth_request_set_field`` and ``passdb_get_credentials`` (src/auth, 2.3.19.1 and 2.4.1), tried in tests/live.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from auditor.access.addresses import EVERYWHERE, AddressSet
from auditor.access.fields import SetFields, fields_for, why_any
from auditor.access.stored import fails_at_empty, is_readable, stores_empty, suits, why_empty
from auditor.model.reach import CREDENTIAL_MECHANISMS, WITHOUT_CREDENTIALS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.access.facts import Because
    from auditor.files.passwd_file import Entry
    from auditor.model.passdb import Passdb
    from auditor.model.passdb_fields import Field


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


def needed(passdb: Passdb, entry: Entry | None) -> Sent | None:
    """Return the least that lets a user in from some address, where passwords are compared; None for a real one."""
    for sent in (Sent.ANYTHING, Sent.NOTHING):
        attempt = Attempt("", "PLAIN", sent, source=fields_for(passdb, entry).networks)
        if not passdb.never_succeeds and answer_of(passdb, entry, attempt, verified=False).result is Result.OK:
            return sent
    return None


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
    if not is_readable(passdb) and attempt.mechanism == "EXTERNAL":
        # It comes with the empty password (src/auth/mech-external.c); Way says that the answer is not known.
        return Result.OK, ((passdb.origin, "is asked with the empty password"),), None
    empty = stores_empty(passdb, entry)
    if empty and attempt.sent is Sent.NOTHING:
        return Result.OK, tuple(why_empty(passdb, entry)), None
    fails = empty is False and fails_at_empty(passdb, entry)
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
    empty = stores_empty(passdb, entry)
    if empty:
        return Result.OK, tuple(why_empty(passdb, entry)), attempt.sent is Sent.NOTHING
    if empty is False:
        return Result.MISMATCH, (), None
    if is_readable(passdb) and not suits(passdb, entry, attempt.mechanism):
        # What is stored is handed out all the same, and comes before what an earlier passdb has handed out.
        return Result.MISMATCH, (), False
    return Result.OK, ((passdb.origin, "the password is looked up here"),), attempt.knows(passdb)
