"""What a passdb gives to those who know nothing: the logins for which any password, or the empty one, will do.

Found on running daemons (Dovecot 2.3.19, 2.4.1 and 2.4.5), in agreement with ``auth_request_password_verify_log``
(src/auth/auth-request.c): ``nopassword`` is looked at before the password is compared. Without it an empty stored
password is the empty password where the scheme keeps passwords as they are, and matches nothing under any other.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.files.passwd_file import PasswdFile, Password
from auditor.model.passdb_fields import Field, all_here, in_effect, named_field, networks
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.files.passwd_file import Entry
    from auditor.model.passdb import Passdb
    from auditor.text import Origin

PLAIN_SCHEMES: Final = frozenset({"PLAIN", "CLEAR", "CLEARTEXT"})
"""Schemes that store the password itself; PLAIN-TRUNC demands a length before it (src/auth/password-scheme.c)."""
ENCODINGS: Final = frozenset({"", "B64", "BASE64", "HEX"})
"""What may follow a scheme behind a dot (``password_scheme_lookup``); the empty text decodes to itself in each."""
_FILE_FIELD: Final = re.compile(r"%\{passwd_file:([^}|: ]+)\}")


class Answer(Enum):
    """What a client must send to be let in."""

    ANY_PASSWORD = "any password"
    EMPTY_PASSWORD = "an empty password"


class Opening(NamedTuple):
    """A way in that needs no knowledge: what must be sent, as whom one gets in, and the places that make it so.

    ``networks`` are those that the field ``allow_nets`` lets in, empty for all.
    """

    answer: Answer
    users: str
    because: tuple[tuple[Origin, str], ...]
    networks: str = ""

    @property
    def only_from_here(self) -> bool:
        """Whether only the host itself may log in this way."""
        return all_here(self.networks)


def openings_of(passdb: Passdb) -> Iterator[Opening]:
    """Yield the ways in that a passdb gives to those who know nothing, the widest first."""
    block = passdb.early_fields
    if passdb.never_succeeds:
        return
    if passdb.driver == "static":
        yield from _of_static(passdb, block)
    elif isinstance(passdb.users, PasswdFile):
        yield from _of_entries(passdb, passdb.users)
    elif "nopassword" in block and passdb.compares_itself:
        yield Opening(Answer.ANY_PASSWORD, passdb.everyone, why_any(block["nopassword"]), networks(block))


def answer_to(passdb: Passdb, users: PasswdFile, entry: Entry) -> Answer | None:
    """Return what lets one in as a user of a passwd-file without knowing the password, or None when nothing does."""
    if passdb.never_succeeds:
        return None
    return _answer(entry, _fields_of(passdb, users, entry), plain=is_plain(passdb.scheme[0]))


def is_plain(scheme: str) -> bool:
    """Whether a scheme, in capitals, stores the password itself."""
    name, _, encoding = scheme.partition(".")
    return name in PLAIN_SCHEMES and encoding in ENCODINGS


def why_any(field: Field) -> tuple[tuple[Origin, str], ...]:
    """Return the place of a ``nopassword`` that lets every password pass."""
    written = f"{field.name}={shortened(field.value)}" if field.value and "%" not in field.value else field.name
    return ((field.origin, f"`{written}` in `{field.setting}` lets every password pass"),)


def _of_static(passdb: Passdb, block: Mapping[str, Field]) -> Iterator[Opening]:
    limit = networks(block)
    if "nopassword" in block:
        yield Opening(Answer.ANY_PASSWORD, passdb.everyone, why_any(block["nopassword"]), limit)
        return
    if (stored := passdb.static_password) is None:
        return
    password, origin = stored
    # 2.4 takes an empty passdb_static_password for none at all (static_save_fields, src/auth/passdb-static.c).
    named = re.fullmatch(r"\{([^}]*)\}", password)
    if (named and is_plain(named[1].upper())) or (not password and passdb.dialect == "2.3"):
        because = ((origin, "the password of everybody is the empty one"),)
        yield Opening(Answer.EMPTY_PASSWORD, passdb.everyone, because, limit)


def _of_entries(passdb: Passdb, users: PasswdFile) -> Iterator[Opening]:
    """Sort the entries by what lets them in and from where, and say each group once."""
    groups: dict[tuple[Answer, str], list[tuple[Entry, Mapping[str, Field]]]] = {}
    plain = is_plain(passdb.scheme[0])
    unremarkable = _fields_of(passdb, users, None)
    for entry in users.entries:
        fields = _fields_of(passdb, users, entry) if entry.extra_fields else unremarkable
        if answer := _answer(entry, fields, plain=plain):
            limit = networks(fields)
            where = "" if not limit else "here" if all_here(limit) else "elsewhere"
            groups.setdefault((answer, where), []).append((entry, fields))
    answers = list(Answer)
    for (answer, _), found in sorted(groups.items(), key=lambda group: (answers.index(group[0][0]), group[0][1])):
        entry, fields = found[0]
        because = (
            why_any(fields["nopassword"]) if answer is Answer.ANY_PASSWORD else tuple(why_empty(passdb, users, entry))
        )
        yield Opening(answer, some_of(passdb, users, len(found), entry), because, networks(fields))


def _fields_of(passdb: Passdb, users: PasswdFile, entry: Entry | None) -> Mapping[str, Field]:
    """Return the fields in effect when the password of an entry is checked; without one, those that the block sets."""
    if entry is None:
        return in_effect(field for field in passdb.fields if not field.late and not _FILE_FIELD.search(field.value))
    return in_effect(field for field in fields_set(passdb, users, entry) if not field.late)


def fields_set(passdb: Passdb, users: PasswdFile, entry: Entry) -> list[Field]:
    """Return the fields that are set when a user logs in, in their order.

    2.3 sets those of the block first, then those of the entry, and late ones last; 2.4 the entry's before the block's.
    """
    block = [
        field for field in passdb.fields if all(name in entry.extra_fields for name in _FILE_FIELD.findall(field.value))
    ]
    own = list(_own_fields(passdb, users, entry)) if passdb.imports_all_fields else []
    if passdb.dialect == "2.4":
        return [*own, *block]
    return [*(field for field in block if not field.late), *own, *(field for field in block if field.late)]


def _own_fields(passdb: Passdb, users: PasswdFile, entry: Entry) -> Iterator[Field]:
    origin = users.origin(entry)
    for name, value in entry.extra_fields.items():
        field = named_field(name, value, "extra fields", origin, passdb.dialect)
        # "nopassword set but password is non-empty": 2.3 drops the field (auth_request_set_field).
        dropped = passdb.dialect == "2.3" and field.name == "nopassword" and entry.password is Password.PRESENT
        if not dropped or "noauthenticate" in entry.extra_fields:
            yield field


def _answer(entry: Entry, fields: Mapping[str, Field], *, plain: bool) -> Answer | None:
    if "fail" in fields or "noauthenticate" in fields:
        return None
    if "nopassword" in fields:
        return Answer.ANY_PASSWORD
    if entry.is_empty and (is_plain(entry.scheme) if entry.scheme else plain):
        return Answer.EMPTY_PASSWORD
    return None


def why_empty(passdb: Passdb, users: PasswdFile, entry: Entry) -> Iterator[tuple[Origin, str]]:
    """Yield the places that make a user's password the empty one."""
    yield users.origin(entry), "an entry without a password"
    if not entry.scheme:
        scheme, origin = passdb.scheme
        yield origin, f"the scheme {scheme} makes it the empty password"


def some_of(passdb: Passdb, users: PasswdFile, number: int, first: Entry) -> str:
    """Return so many users of a passwd-file in words; the first is named where there is no other."""
    if number == len(users.entries):
        return passdb.everyone
    if number == 1:
        return f"{shortened(first.user.partition(' ')[0])} of {shortened(passdb.users_path)}"
    return f"{number} of the {len(users.entries)} users in {shortened(passdb.users_path)}"
