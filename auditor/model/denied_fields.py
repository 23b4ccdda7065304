"""Boolean extra fields that say no, which Dovecot takes for yes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.files.passwd_file import PasswdFile
from auditor.model.openings import Answer, answer_to
from auditor.model.passdb_fields import Field, named_field
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.passdb import Passdb


class DeniedField(NamedTuple):
    """One such field, whose it is in words, and whether it is what lets any password pass."""

    field: Field
    whose: str
    lets_in: bool


def denied_fields(passdb: Passdb) -> Iterator[DeniedField]:
    """Yield the fields that a passdb or its users deny; of a field that many users deny, the worst place."""
    opens = {origin for opening in passdb.openings for origin, _ in opening.because}
    for field in passdb.fields:
        if field.says_no:
            yield DeniedField(field, "", field.name == "nopassword" and not field.late and field.origin in opens)
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
                lets_in = field.name == "nopassword" and answer_to(passdb, users, entry) is Answer.ANY_PASSWORD
                found.setdefault(field.name, []).append(DeniedField(field, entry.user, lets_in))
    return found
