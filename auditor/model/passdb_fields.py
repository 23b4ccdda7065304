"""The extra fields of passdbs: who sets which, and which are in effect when the password is checked.

Source: ``auth_request_set_field`` (src/auth/auth-request.c, 2.3.19.1 and 2.4.1). Fields are set one after the other; a
name that ends in ``:protected`` (2.3) or ``:default`` (2.4) is set only where there is none yet, and ``:remove`` takes
it away. A boolean field counts when it is there, whatever its value (tried on 2.3.19, 2.4.1 and 2.4.5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.dovecot.configuration import Dialect, Section, Setting
    from auditor.text import Origin

BOOLEAN_FIELDS: Final = frozenset(
    {"nopassword", "nologin", "nodelay", "proxy", "proxy_maybe", "noauthenticate", "fail"}
)
"""Extra fields whose presence is what counts (Dovecot manual, passdb extra fields)."""
FALSE_WORDS: Final = frozenset({"no", "n", "0", "false", "off"})
SUFFIXES: Final = {"2.3": ("protected", "remove"), "2.4": ("default", "remove")}


class Field(NamedTuple):
    """An extra field: its name without suffix, its value, and the setting and place that set it.

    ``late`` says that it is set only after the password was checked.
    """

    name: str
    value: str
    setting: str
    origin: Origin
    suffix: str = ""
    late: bool = False

    @property
    def says_no(self) -> bool:
        """Whether a boolean field is given a value that its writer means as no."""
        return self.name in BOOLEAN_FIELDS and self.suffix != "remove" and self.value.lower() in FALSE_WORDS


def named_field(name: str, value: str, setting: str, origin: Origin, dialect: Dialect, *, late: bool = False) -> Field:
    """Return the field of a name as it is written, its suffix taken off."""
    bare, colon, suffix = name.rpartition(":")
    if colon and bare and suffix in SUFFIXES[dialect]:
        return Field(bare, value, setting, origin, suffix, late)
    return Field(name, value, setting, origin, "", late)


def template_fields(setting: Setting, *, late: bool = False) -> Iterator[Field]:
    """Split 2.3's ``key=value key …`` as ``passdb_template_build`` does (src/auth/passdb-template.c)."""
    for word in setting.value.split(" "):
        name, _, value = word.partition("=")
        if name:
            yield named_field(name, value, setting.name.rpartition("/")[2], setting.origin, "2.3", late=late)


def block_fields(section: Section, dialect: Dialect, driver: str) -> Iterator[Field]:
    """Yield the fields that a passdb block itself sets, in the order in which Dovecot sets them.

    2.3 sets ``default_fields`` before and ``override_fields`` after the driver has compared the password; 2.4 has one
    ``fields`` block, which the driver applies before it compares (``auth_request_set_passdb_fields``).
    """
    if dialect == "2.4":
        for item in section.items("passdb_fields"):
            yield named_field(item.name, item.value, "fields", item.origin, dialect)
        return
    if default := section.get("default_fields"):
        yield from template_fields(default)
    if driver == "static" and (args := section.get("args")):
        yield from (field for field in template_fields(args) if field.name != "password")
    if override := section.get("override_fields"):
        yield from template_fields(override, late=True)


def in_effect(fields: Iterable[Field]) -> dict[str, Field]:
    """Return the fields that are there once these have been set in this order."""
    found: dict[str, Field] = {}
    for field in fields:
        if field.suffix == "remove":
            found.pop(field.name, None)
        elif not (field.suffix and field.name in found):
            found[field.name] = field
    return found
