"""One password database: its settings, and whom it answers."""

from __future__ import annotations

import posixpath
import re
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.files.passwd_file import PasswdFile
from auditor.model.passdb_fields import Field, block_fields, in_effect
from auditor.model.passdb_queries import query_about_the_login
from auditor.model.vocabulary import is_true, spelled
from auditor.text import shortened

if TYPE_CHECKING:
    from auditor.dovecot.configuration import Dialect, Section, Setting
    from auditor.model.user_files import UserFiles
    from auditor.text import Origin

COMPARING_DRIVERS: Final = {
    "2.3": frozenset({"passwd-file", "static", "dict"}),
    "2.4": frozenset({"passwd-file", "static", "passwd", "sql", "ldap"}),
}
"""Drivers for which a ``nopassword`` of the block is surely in effect when the password is compared.

PAM, BSD auth, checkpassword and IMAP ask someone else. In 2.3 those that may run in a worker (sql, passwd, shadow) do
not get to see ``default_fields`` there (``auth_request_default_verify_plain_continue``, src/auth/auth-request.c), and
what an LDAP server or a Lua script is asked stands in files of other languages.
"""

SETTINGS: Final = (
    "passdb_driver",
    "passdb_args",
    "passdb_default_password_scheme",
    "passdb_deny",
    "passdb_fields_import_all",
    "passdb_ldap_bind",
    "passdb_master",
    "passdb_result_failure",
    "passdb_result_success",
    "passdb_skip",
    "passdb_static_password",
    "passdb_username_filter",
    "passwd_file_path",
)
"""The settings that are asked for here, but for lists."""


class MechanismFilter(NamedTuple):
    """The SASL mechanisms that a passdb is restricted to, in lower case, and where that is said."""

    names: frozenset[str]
    setting: str
    origin: Origin

    def admits(self, mechanism: str) -> bool:
        """Whether a login by this mechanism reaches the passdb (``auth_request_mechanism_accepted``)."""
        return mechanism in self.names


class Passdb:
    """One password database of one Dovecot instance.

    ``protocol`` is the protocol whose block it stands in or whose block changes it, empty for a global one.
    """

    def __init__(
        self, section: Section, files: UserFiles, dialect: Dialect, protocol: str, *, without_lookup: bool = False
    ) -> None:
        """``without_lookup`` says that what is read at a lookup is not found: the fields, a static password."""
        self.section = section
        self.without_lookup = without_lookup
        self.files = files
        self.dialect = dialect
        self.protocol = protocol
        self._settings: dict[str, Setting | None] = {}

    def get(self, name: str) -> Setting | None:
        """Return a setting of this passdb by its name in the common vocabulary (``passdb_master``)."""
        if name not in self._settings:
            self._settings[name] = self.section.get(spelled(name, self.dialect))
        return self._settings[name]

    def value(self, name: str) -> str:
        """Return the value of a setting of this passdb, empty when it is not known."""
        setting = self.get(name)
        return setting.value if setting else ""

    def seen_from_outside(self) -> Passdb:
        """Return the passdb as logins see it that its block is not for, and that come to it all the same."""
        return Passdb(self.section, self.files, self.dialect, self.protocol, without_lookup=True)

    @property
    def meaning(self) -> tuple[object, ...]:
        """Equal for two views of one block that mean the same."""
        names = None if self.filter is None else self.filter.names
        fields = tuple((field.name, field.suffix, field.value, field.late) for field in self.fields)
        return (*(self.value(name) for name in SETTINGS), names, fields)

    @property
    def origin(self) -> Origin:
        """Where the block stands."""
        return self.section.origin

    @property
    def driver(self) -> str:
        """The driver; in 2.4 the name of the block where nothing else is said."""
        return self.value("passdb_driver") or self.section.name

    @property
    def title(self) -> str:
        """The block as one speaks of it: ``passdb external`` or ``passdb (passwd-file)``."""
        return shortened(f"passdb {self.section.name}" if self.section.name else f"passdb ({self.driver})")

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
        return self.value("passdb_username_filter")

    @cached_property
    def filter(self) -> MechanismFilter | None:
        """The mechanisms that it is restricted to, or None when it answers to all.

        2.3 splits at blanks and commas only, and a value without any word admits nothing (``passdb_preinit``,
        src/auth/passdb.c); 2.4 takes an empty list for none (``auth_passdb_preinit``, src/auth/auth.c). Tried on both.
        """
        setting = self.get("passdb_mechanisms_filter")
        if self.dialect == "2.3":
            if setting is None or not setting.value:
                return None
            names = frozenset(word.lower() for word in re.split("[ ,]+", setting.value) if word)
            return MechanismFilter(names, "mechanisms", setting.origin)
        items = self.section.items("passdb_mechanisms_filter")
        if not items:
            return None
        names = frozenset(item.name.lower() for item in items)
        return MechanismFilter(names, "mechanisms_filter", items[0].origin)

    @property
    def filter_setting(self) -> str:
        """The setting that restricts the mechanisms, as it is spelled inside the block."""
        return "mechanisms" if self.dialect == "2.3" else "mechanisms_filter"

    def admits(self, mechanism: str) -> bool:
        """Whether a login by this mechanism reaches the passdb."""
        return self.filter is None or self.filter.admits(mechanism)

    @property
    def never_succeeds(self) -> bool:
        """Whether nobody gets in by it, whatever it answers (each tried on 2.3.19 and 2.4.1)."""
        refuses = self.value("passdb_result_success") in ("return-fail", "continue-fail")
        return refuses or "fail" in self.early_fields or "noauthenticate" in self.early_fields

    @property
    def goes_on_at_the_end(self) -> bool:
        """Whether auth does not start with it as the last one ("Last passdb can't have result_success=continue")."""
        if self.dialect == "2.4":
            return self.value("passdb_result_success") == "continue"
        return is_true(self.value("pass"))

    @property
    def failure_rule(self) -> Setting | None:
        """The rule that makes a success of a failure, of a wrong password before one of the database."""
        found = (self.get(name) for name in ("passdb_result_failure", "passdb_result_internalfail"))
        return next((setting for setting in found if setting is not None and setting.value.endswith("-ok")), None)

    @property
    def needs_earlier_success(self) -> bool:
        """Whether it is asked only after another passdb has let the user in."""
        return self.value("passdb_skip") == "unauthenticated"

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The extra fields that the block itself sets."""
        if self.without_lookup:
            return ()
        return tuple(block_fields(self.section, self.dialect, self.driver))

    @cached_property
    def early_fields(self) -> dict[str, Field]:
        """The block's own fields that are in effect when the password is checked."""
        return in_effect(field for field in self.fields if not field.late)

    @property
    def refuses_sessions(self) -> bool:
        """Whether a login that succeeds gets no session: ``nologin`` without ``proxy``; Postfix does not look at it.

        Source: client_auth_handle_reply, src/login-common/client-common-auth.c; tried on 2.3.19.
        """
        return "nologin" in in_effect(self.fields) and not self.proxies

    @property
    def compares_itself(self) -> bool:
        """Whether a ``nopassword`` of the block is surely looked at, because Dovecot itself compares the password."""
        asks_ldap = self.driver == "ldap" and is_true(self.value("passdb_ldap_bind"))
        return self.driver in COMPARING_DRIVERS[self.dialect] and not asks_ldap and not self.query_about_the_login

    @cached_property
    def query_about_the_login(self) -> Origin | None:
        """Where its database is asked for the certificate or the mechanism: then it may know only such logins."""
        return query_about_the_login(self)

    @property
    def imports_all_fields(self) -> bool:
        """Whether the extra fields of a passwd-file entry are in effect without being named in ``fields`` (2.4)."""
        setting = self.get("passdb_fields_import_all") if self.dialect == "2.4" else None
        return setting is None or is_true(setting.value)

    @property
    def proxies(self) -> bool:
        """Whether it hands the login on to another server, which checks the password."""
        return any(field.name in ("proxy", "proxy_maybe") for field in self.fields if field.suffix != "remove")

    @property
    def users_path(self) -> str:
        """The passwd-file's name as it is written."""
        return (
            self.value("passwd_file_path") if self.dialect == "2.4" else passwd_file_args(self.value("passdb_args"))[1]
        )

    @property
    def users_file(self) -> str | None:
        """The absolute name of the passwd-file; None for other drivers, and where the name holds variables."""
        path = self.users_path if self.driver == "passwd-file" else ""
        return None if not path.startswith("/") or "%" in path else posixpath.normpath(path)

    @property
    def scheme(self) -> tuple[str, Origin]:
        """The password scheme of entries that name none, in capitals, and where it is said."""
        if self.dialect == "2.4":
            setting = self.get("passdb_default_password_scheme")
            return (setting.value.upper(), setting.origin) if setting else ("", self.origin)
        args = self.get("passdb_args")
        # PASSWD_FILE_DEFAULT_SCHEME (src/auth/db-passwd-file.h)
        return passwd_file_args(args.value if args else "")[0].upper() or "CRYPT", args.origin if args else self.origin

    @cached_property
    def users(self) -> PasswdFile | str:
        """The entries of the passwd-file, or why they are not known."""
        if self.driver != "passwd-file":
            return f"what {shortened(self.driver)} answers is known only when it runs"
        if self.users_file is None:
            return f"the file name {shortened(self.users_path) or '(none)'} holds variables or is not absolute"
        return self.files.users(self.users_file)

    @property
    def everyone(self) -> str:
        """All of its users, in words."""
        if self.driver == "static":
            return "any user name at all"
        if self.driver == "passwd-file":
            return f"any user in {shortened(self.users_path)}"
        return f"any user that {shortened(self.driver)} knows"

    @cached_property
    def static_password(self) -> tuple[str, Origin] | None:
        """The one password of a static passdb, never to be shown, and where it is said; None when it has none."""
        if self.driver != "static" or self.without_lookup:
            return None
        if self.dialect == "2.4":
            setting = self.get("passdb_static_password")
            return (setting.value, setting.origin) if setting and setting.value else None
        args = self.get("passdb_args")
        for word in args.value.split(" ") if args else []:
            name, equals, password = word.partition("=")
            if args and name == "password":
                # The first one counts (passdb_template_remove), and without "=" it is none.
                return (password, args.origin) if equals else None
        return None

    @cached_property
    def unknown(self) -> str:
        """Why it cannot be said what it answers; empty when it can."""
        opens = "nopassword" in self.early_fields and self.compares_itself
        if opens or self.never_succeeds or self.driver == "static" or isinstance(self.users, PasswdFile):
            return ""
        return self.users

    @property
    def meant_for_external(self) -> bool:
        """Whether it was evidently made for certificate logins: by a field, by its users, or by its name."""
        if any(field.name == "nopassword" for field in self.fields):
            return True
        if isinstance(self.users, PasswdFile):
            return bool(self.users.entries) and all(entry.is_empty for entry in self.users.entries)
        return re.search("external|cert", f"{self.section.name} {self.users_path}".lower()) is not None


def passwd_file_args(args: str) -> tuple[str, str]:
    """Return scheme and path of a 2.3 passwd-file's ``args``, read as ``passwd_file_preinit`` does."""
    scheme = ""
    rest = args
    while rest and not rest.startswith("/"):
        word, _, rest = rest.partition(" ")
        if word.startswith("scheme="):
            scheme = word.removeprefix("scheme=")
    return scheme, rest
