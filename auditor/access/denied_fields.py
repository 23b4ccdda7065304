"""Boolean extra fields that say no, which Dovecot takes for yes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.access.answers import Sent, needed
from auditor.access.fields import fields_for
from auditor.files.passwd_file import PasswdFile
from auditor.model.passdb_fields import Field, named_field
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.files.passwd_file import Entry
    from auditor.model.passdb import Passdb


class DeniedField(NamedTuple):
    """One such field, whose it is in words, and whether it is what lets any password pass."""

    passdb: Passdb
    field: Field
    whose: str
    lets_in: bool


def denied_fields(passdb: Passdb) -> Iterator[DeniedField]:
    """Yield the fields that a passdb or its users deny; of a field that many users deny, the worst place."""
    users = passdb.users.entries if isinstance(passdb.users, PasswdFile) else (None,)
    for field in passdb.fields:
        if field.says_no:
            yield DeniedField(passdb, field, "", any(_opens(passdb, entry, field) for entry in users))
    if isinstance(passdb.users, PasswdFile):
        for found in _denied_by_users(passdb, passdb.users).values():
            # min keeps the first of equals.
            worst = min(found, key=lambda one: not one.lets_in)
            more = f" (and of {len(found) - 1} more)" if len(found) > 1 else ""
            yield worst._replace(whose=f" of {shortened(worst.whose.partition(' ')[0])}{more}")


def _denied_by_users(passdb: Passdb, users: PasswdFile) -> dict[str, list[DeniedField]]:
    found: dict[str, list[DeniedField]] = {}
    for entry in users.entries:
        for name, value in entry.extra_fields.items():
            field = named_field(name, value, "extra fields", users.origin(entry), passdb.dialect)
            if field.says_no:
                denied = DeniedField(passdb, field, entry.user, _opens(passdb, entry, field))
                found.setdefault(field.name, []).append(denied)
    return found


def _opens(passdb: Passdb, entry: Entry | None, field: Field) -> bool:
    """Return whether a field is the ``nopassword`` by which any password lets a user in."""
    if fields_for(passdb, entry).early.get("nopassword") != field:
        return False
    return needed(passdb, entry) is Sent.ANYTHING
