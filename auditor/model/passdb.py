"""What a password database answers, and to whom.

The table of answers was found on running daemons (Dovecot 2.3.19, 2.4.1 and 2.4.5) and agrees with
``auth_request_password_verify_log`` in src/auth/auth-request.c: the field ``nopassword`` is looked at before the password
is compared, its presence counts and its value does not. 2.3 applies ``default_fields`` before and ``override_fields`` after
the comparison (src/auth/auth-request.c, ``passdb_template_export``); 2.4 has one ``fields`` block, applied before.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Final

from auditor.files.passwd_file import PasswdFile, read_passwd_file
from auditor.model.vocabulary import is_true, spelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.dovecot.configuration import Dialect, Section, Setting
    from auditor.host import Host
    from auditor.text import Origin

PLAIN_SCHEMES: Final = frozenset({"PLAIN", "CLEAR", "CLEARTEXT", "PLAIN-TRUNC"})
"""Schemes that store the password itself, so that an empty field is the empty password (src/auth/password-scheme.c)."""
COMPARING_DRIVERS: Final = frozenset({"passwd-file", "static", "sql", "dict", "passwd", "shadow", "lua"})
"""Drivers whose password Dovecot itself compares; the others (PAM, BSD auth, IMAP, checkpassword) ask someone else."""
BOOLEAN_FIELDS: Final = frozenset(
    {"nopassword", "nologin", "nodelay", "proxy", "proxy_maybe", "noauthenticate", "fail"}
)
"""Extra fields whose presence is what counts (Dovecot manual, passdb extra fields)."""
FALSE_WORDS: Final = frozenset({"no", "n", "0", "false", "off"})


class Answer(Enum):
    """What a client must send to be let in."""

    ANY_PASSWORD = "any password"  # noqa: S105
    EMPTY_PASSWORD = "an empty password"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Field:
    """An extra field that a passdb sets: its name, value and place; ``late`` when it is applied after the password check."""

    name: str
    value: str
    setting: str
    origin: Origin
    late: bool = False

    @property
    def says_no(self) -> bool:
        """Whether a boolean field is given a value that its writer means as no."""
        return self.name in BOOLEAN_FIELDS and self.value.lower() in FALSE_WORDS


@dataclass(frozen=True, slots=True)
class Opening:
    """A way in that needs no knowledge: what must be sent, for which users, and the places that make it so."""

    answer: Answer
    users: str
    because: tuple[tuple[Origin, str], ...]


@dataclass(frozen=True, slots=True)
class MechanismFilter:
    """The SASL mechanisms that a passdb is restricted to, in lower case, and where that is said."""

    names: frozenset[str]
    setting: str
    origin: Origin

    def admits(self, mechanism: str) -> bool:
        """Whether a login by this mechanism reaches the passdb (``auth_request_mechanism_accepted``, letter case ignored)."""
        return mechanism in self.names


class Passdb:
    """One password database of one Dovecot instance.

    ``protocol`` is the protocol whose block it stands in, empty for a global one.
    """

    def __init__(self, section: Section, host: Host, dialect: Dialect) -> None:
        self.section = section
        self.host = host
        self.dialect = dialect
        self.protocol = section.conditions.protocol

    def get(self, name: str) -> Setting | None:
        """Return a setting of this passdb by its name in the common vocabulary (``passdb_master``)."""
        return self.section.get(spelled(name, self.dialect))

    def value(self, name: str) -> str:
        """Return the value of a setting of this passdb, empty when it is not known."""
        setting = self.get(name)
        return setting.value if setting else ""

    @property
    def origin(self) -> Origin:
        """Where the block stands."""
        return self.section.origin

    @property
    def driver(self) -> str:
        """The driver; in 2.4 the name of the block where nothing else is said."""
        return self.value("passdb_driver") or self.section.name

    @property
    def is_master(self) -> bool:
        """Whether its users may log in as other users."""
        return is_true(self.value("passdb_master"))

    @property
    def is_deny(self) -> bool:
        """Whether it only refuses its users."""
        return is_true(self.value("passdb_deny"))

    @property
    def username_filter(self) -> str:
        """Patterns of the user names that it answers for; empty for all."""
        if self.dialect == "2.4":
            return " ".join(item.name for item in self.section.items("passdb_username_filter")) or self.value(
                "passdb_username_filter"
            )
        return self.value("passdb_username_filter")

    @cached_property
    def filter(self) -> MechanismFilter | None:
        """The mechanisms that it is restricted to, or None when it answers to all."""
        setting = self.get("passdb_mechanisms_filter")
        if self.dialect == "2.3":
            # passdb_preinit (src/auth/passdb.c) splits at blanks and commas.
            names = setting.value.replace(",", " ").lower().split() if setting else []
            return MechanismFilter(frozenset(names), setting.name, setting.origin) if setting and names else None
        items = self.section.items("passdb_mechanisms_filter")
        if not items:
            return None
        return MechanismFilter(frozenset(item.name.lower() for item in items), "mechanisms_filter", items[0].origin)

    def admits(self, mechanism: str) -> bool:
        """Whether a login by this mechanism reaches the passdb."""
        return self.filter is None or self.filter.admits(mechanism)

    @property
    def always_ends_chain(self) -> bool:
        """Whether no later passdb is asked after this one, whatever it answers (``auth_request_handle_passdb_callback``)."""
        if self.is_deny or self.username_filter or self.value("passdb_skip") not in ("", "never"):
            return False
        results = ("passdb_result_success", "passdb_result_failure", "passdb_result_internalfail")
        defaults = ("return-ok", "continue", "continue")
        return all(
            (self.value(name) or default).startswith("return") for name, default in zip(results, defaults, strict=True)
        )

    @property
    def needs_earlier_success(self) -> bool:
        """Whether it is asked only after another passdb has let the user in."""
        return self.value("passdb_skip") == "unauthenticated"

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The extra fields that the block itself sets."""
        return tuple(self._fields())

    def _fields(self) -> Iterator[Field]:
        if self.dialect == "2.4":
            for item in self.section.items("passdb_fields"):
                yield Field(item.name.partition(":")[0], item.value, "fields", item.origin)
            return
        if self.driver == "static" and (args := self.get("passdb_args")):
            yield from _template_fields(args)
        if default := self.get("passdb_default_fields"):
            yield from _template_fields(default)
        if override := self.get("passdb_override_fields"):
            yield from _template_fields(override, late=True)

    @cached_property
    def early_nopassword(self) -> Field | None:
        """The field ``nopassword`` that is in effect when the password is checked."""
        return next((field for field in self.fields if field.name == "nopassword" and not field.late), None)

    @property
    def is_proxy(self) -> bool:
        """Whether it hands the login on to another server, which checks the password."""
        names = {field.name for field in self.fields if not field.says_no or field.name == "proxy"}
        return "proxy" in names or "host" in names

    @cached_property
    def users_file(self) -> str | None:
        """The absolute name of the passwd-file; None for other drivers, and where the name holds variables."""
        if self.driver != "passwd-file":
            return None
        if self.dialect == "2.4":
            path = self.value("passwd_file_path")
        else:
            path = _passwd_file_args(self.value("passdb_args"))[1]
        return None if not path.startswith("/") or "%" in path else posixpath.normpath(path)

    @property
    def users_path(self) -> str:
        """The passwd-file's name as it is written."""
        return (
            self.value("passwd_file_path") if self.dialect == "2.4" else _passwd_file_args(self.value("passdb_args"))[1]
        )

    @property
    def scheme(self) -> tuple[str, Origin]:
        """The password scheme of entries that name none, in capitals, and where it is said."""
        if self.dialect == "2.4":
            setting = self.get("passdb_default_password_scheme")
            return (setting.value.upper(), setting.origin) if setting else ("", self.origin)
        args = self.get("passdb_args")
        # PASSWD_FILE_DEFAULT_SCHEME (src/auth/passdb-passwd-file.c)
        return _passwd_file_args(args.value if args else "")[0].upper() or "CRYPT", args.origin if args else self.origin

    @cached_property
    def users(self) -> PasswdFile | str:
        """The entries of the passwd-file, or why they are not known."""
        if self.driver != "passwd-file":
            return f"the answers of {self.driver} are known only when it runs"
        if self.users_file is None:
            return f"the file name {self.users_path or '(empty)'} holds variables or is not absolute"
        found = read_passwd_file(self.host, self.users_file)
        return found if isinstance(found, PasswdFile) else str(found)

    @cached_property
    def unknown(self) -> str:
        """Why it cannot be said what it answers; empty when it can."""
        if self.early_nopassword and self.driver in COMPARING_DRIVERS:
            return ""
        if self.driver == "static" or isinstance(self.users, PasswdFile):
            return ""
        return self.users

    @cached_property
    def openings(self) -> tuple[Opening, ...]:
        """The ways in that it gives to those who know nothing, the widest first."""
        return tuple(self._openings())

    def _openings(self) -> Iterator[Opening]:
        nopassword = self.early_nopassword
        if nopassword and self.driver in COMPARING_DRIVERS:
            if not (isinstance(self.users, PasswdFile) and not self.users.entries):
                because = (nopassword.origin, f"`{nopassword.name}` lets every password pass")
                yield Opening(Answer.ANY_PASSWORD, self._everyone(), (because,))
            return
        if self.driver == "static":
            yield from self._static_openings()
        elif isinstance(self.users, PasswdFile):
            yield from self._entries_openings(self.users)

    def _everyone(self) -> str:
        if self.driver == "static":
            return "any user name at all"
        if self.driver == "passwd-file":
            return f"any user in {self.users_path}"
        return f"any user that {self.driver} knows"

    def _static_openings(self) -> Iterator[Opening]:
        # 2.4 takes an empty passdb_static_password for none (static_save_fields, src/auth/passdb-static.c).
        password = self.static_password
        if password is None:
            return
        stored, origin = password
        bare = stored.upper() in {f"{{{scheme}}}" for scheme in PLAIN_SCHEMES}
        if bare or (not stored and self.dialect == "2.3"):
            yield Opening(Answer.EMPTY_PASSWORD, self._everyone(), ((origin, "the password of everybody is empty"),))

    @cached_property
    def static_password(self) -> tuple[str, Origin] | None:
        """The one password of a static passdb and where it is said; None when it has none. Never show the first part."""
        if self.driver != "static":
            return None
        if self.dialect == "2.4":
            setting = self.get("passdb_static_password")
            return (setting.value, setting.origin) if setting and setting.value else None
        args = self.get("passdb_args")
        words = args.value.split() if args else []
        found = [word.partition("=")[2] for word in words if word.startswith("password=")]
        return (found[-1], args.origin) if args and found else None

    def _entries_openings(self, users: PasswdFile) -> Iterator[Opening]:
        scheme, scheme_origin = self.scheme
        anybody = [entry for entry in users.entries if "nopassword" in entry.extra_fields]
        if anybody:
            origin = users.origin(anybody[0])
            yield Opening(
                Answer.ANY_PASSWORD,
                self._some(users, anybody),
                ((origin, "an entry with the extra field `nopassword`"),),
            )
        empty = [
            entry
            for entry in users.entries
            if entry not in anybody
            and entry.is_empty
            and (entry.scheme or scheme).upper().partition(".")[0] in PLAIN_SCHEMES
        ]
        if empty:
            because = [(users.origin(empty[0]), "an entry without a password")]
            if not empty[0].scheme:
                because.append((scheme_origin, f"the scheme {scheme} makes it the empty password"))
            yield Opening(Answer.EMPTY_PASSWORD, self._some(users, empty), tuple(because))

    def _some(self, users: PasswdFile, some: list[object] | list) -> str:  # type: ignore[type-arg]
        if len(some) == len(users.entries):
            return f"any user in {self.users_path}"
        return f"{len(some)} of the {len(users.entries)} users in {self.users_path}"

    @property
    def accepts_external(self) -> bool | None:
        """Whether a login by EXTERNAL can succeed here for at least one user, None when that cannot be said.

        EXTERNAL authenticates with the empty password (src/auth/mech-external.c).
        """
        if not self.admits("external") or self.is_deny:
            return False
        if self.openings:
            return True
        return None if self.unknown else False

    @property
    def meant_for_external(self) -> bool:
        """Whether it was evidently made for certificate logins: by a field, by its users, or by its name."""
        if any(field.name == "nopassword" for field in self.fields):
            return True
        if (
            isinstance(self.users, PasswdFile)
            and self.users.entries
            and all(entry.is_empty for entry in self.users.entries)
        ):
            return True
        named = f"{self.section.name} {self.users_path if self.driver == 'passwd-file' else ''}".lower()
        return "external" in named or "cert" in named


def _template_fields(setting: Setting, *, late: bool = False) -> Iterator[Field]:
    """Split ``key=value key …`` as ``passdb_template_build`` does (src/auth/passdb-template.c)."""
    for word in setting.value.split():
        name, _, value = word.partition("=")
        if name != "password":
            yield Field(name, value, setting.name.rpartition("/")[2], setting.origin, late)


def _passwd_file_args(args: str) -> tuple[str, str]:
    """Return scheme and path of a 2.3 passwd-file's ``args``, read as ``passwd_file_preinit`` does."""
    scheme = ""
    rest = args
    while rest and not rest.startswith("/"):
        word, _, rest = rest.partition(" ")
        if word.startswith("scheme="):
            scheme = word.removeprefix("scheme=")
    return scheme, rest
