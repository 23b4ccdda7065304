"""The extra fields of one login at one passdb: which are set, and which are in effect when the password is checked.

Source: ``auth_request_set_field`` and ``auth_request_set_passdb_fields`` (src/auth/auth-request.c, 2.3.19.1 and 2.4.1),
tried in tests/live.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.access.addresses import EVERYWHERE, AddressSet
from auditor.files.passwd_file import PasswdFile, Password
from auditor.model.passdb_fields import Field, named_field
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from auditor.access.facts import Because
    from auditor.files.passwd_file import Entry
    from auditor.model.passdb import Passdb

RENAMING_FIELDS: Final = ("user", "username", "domain", "login_user")
"""Fields by which a passdb makes somebody else of the one who logs in."""
_FILE_FIELD: Final = re.compile(r"%\{passwd_file:([^}|: ]+)\}")


class SetFields(NamedTuple):
    """The fields of one login at one passdb: when the password is checked, and afterwards."""

    early: Mapping[str, Field]
    final: Mapping[str, Field]
    networks: AddressSet
    fails: bool


def fields_for(passdb: Passdb, entry: Entry | None) -> SetFields:
    """Return the fields of a login of one user, or of anybody where there are no entries."""
    if entry is not None and isinstance(passdb.users, PasswdFile):
        return _set(_in_order(passdb, passdb.users, entry))
    return _set(passdb.fields)


def why_any(field: Field) -> tuple[Because, ...]:
    """Return the place of a ``nopassword`` that lets every password pass."""
    written = f"{field.name}={shortened(field.value)}" if field.value and "%" not in field.value else field.name
    return ((field.origin, f"`{written}` in `{field.setting}` lets every password pass"),)


def _in_order(passdb: Passdb, users: PasswdFile, entry: Entry) -> list[Field]:
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


def _set(fields: Iterable[Field]) -> SetFields:
    """Set fields one after the other, each network limit to hold."""
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
                networks &= _allowed(field.value)
    return SetFields(early, final, networks, fails)


def _allowed(networks: str) -> AddressSet:
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
