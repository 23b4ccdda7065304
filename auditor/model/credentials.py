"""The passwords that stand in configuration files, and the files that hold nothing but such.

What evidently stands for a password that is put in later (``__PASS__``, ``{{ password }}``, ``$ENV``) is none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.host import Unreadable
from auditor.model.postfix_tables import DATABASES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.dovecot.configuration import Setting
    from auditor.model.dovecot import Dovecot
    from auditor.model.postfix import Postfix
    from auditor.text import Origin, SourceFile

MAX_LINES: Final = 10_000
"""Lines of a file that are looked at for a password."""

_PASSWORD: Final = re.compile(
    r"^[ \t]*(?:(?:password|bind_pw|dnpass|connect[ \t]*=.*?\bpassword)[ \t]*=[ \t]*(?P<value>[^\s#]\S*)"
    r"|(?:hosts|connect)[ \t]*=.*?://[^\s/@:]*:(?P<in_uri>[^\s/@]+)@)"
)
_PLACEHOLDER: Final = re.compile(
    r"""(?ix) .*pass(?:wor)?[dt].* | .*redacted.* | change.?me.* | your.* | x+ | \*+ | \.+ | test | pass | secret
    | ["']?(?: __\w+__ | \[.* | <.* | @\w+@ | \{.* | %\w+% | %\{.* | \$.* ) | ["']+"""
)

_PATH: Final = re.compile(r"/\S+")
"""What is shown as a file's name; behind a blank there may be anything."""
PASSWORD_SETTINGS: Final = frozenset(
    {
        "cassandra_password",
        "doveadm_api_key",
        "doveadm_password",
        "http_client_proxy_password",
        "imapc_password",
        "ldap_auth_dn_password",
        "mysql_password",
        "oauth2_client_secret",
        "pop3c_password",
        "redis_password",
        "submission_relay_password",
    }
)
"""Settings of Dovecot with a password for another server, or by which one administers this one."""


class Credential(NamedTuple):
    """A password in a file: what for, the file, and the place to speak of."""

    what: str
    name: str
    origin: Origin


class UnreadCredential(NamedTuple):
    """A file that should hold a password and cannot be read, and why."""

    name: str
    origin: Origin
    why: str


class DatabaseFile(NamedTuple):
    """A file with the settings of a database: the driver that reads it, its name, and the place that names it."""

    driver: str
    name: str
    origin: Origin


def is_placeholder(value: str) -> bool:
    """Whether a value evidently stands for a password that is not there yet."""
    return _PLACEHOLDER.fullmatch(value) is not None


def credentials_of_postfix(postfix: Postfix) -> Iterator[Credential | UnreadCredential]:
    """Yield the passwords for databases: those in files of their own, and those in main.cf."""
    for table in postfix.named_tables:
        if table.type in DATABASES:
            source = postfix.host.read_text(table.name)
            if isinstance(source, Unreadable):
                yield UnreadCredential(table.name, table.origin, source.why)
            elif holds_password(source):
                yield Credential(f"a {table.type} database", table.name, table.origin)
    for name in postfix.configuration.parameters:
        parameter = postfix.configuration.get(name)
        span = parameter.origin.span
        if parameter.secret and span and parameter.effective and not is_placeholder(parameter.effective):
            yield Credential(name, span.file.name, parameter.origin)


def credentials_of_dovecot(dovecot: Dovecot) -> Iterator[Credential | UnreadCredential]:
    """Yield the passwords for databases and other servers: those in files of their own, and those in settings."""
    for driver, name, origin in database_files(dovecot):
        source = dovecot.host.read_text(name)
        if isinstance(source, Unreadable):
            yield UnreadCredential(name, origin, source.why)
        elif holds_password(source):
            yield Credential(f"a {driver} database", name, origin)
    for setting in dovecot.configuration.settings().values():
        key, span = _full_key(setting.name), setting.origin.span
        if key in PASSWORD_SETTINGS and setting.file is None and span:
            # The value itself is hidden there, as doveconf hides it.
            value = span.text.partition("=")[2].strip()
            if value and not is_placeholder(value):
                yield Credential(key, span.file.name, setting.origin)


def _full_key(shown: str) -> str:
    """Return the full key of a setting that ``doveconf -n`` shows in a block: ``mysql db1/password``."""
    *blocks, key = shown.split("/")
    kind = blocks[-1].partition(" ")[0] if blocks else ""
    return key if key in PASSWORD_SETTINGS else f"{kind}_{key}"


def key_passwords(dovecot: Dovecot) -> Iterator[tuple[Setting, str]]:
    """Yield the settings that give the password of a private key, each with the file in which it stands."""
    for setting in dovecot.spellings("ssl_server_key_password"):
        span = setting.origin.span
        if setting.value and setting.literal and (name := setting.file or (span and span.file.name)):
            yield setting, name


def database_files(dovecot: Dovecot) -> Iterator[DatabaseFile]:
    """Yield the files that passdbs, userdbs and dictionaries of 2.3 name; 2.4 has everything in its settings."""
    if dovecot.dialect != "2.3":
        return
    for kind in ("passdb", "userdb"):
        for section in dovecot.configuration.sections(kind):
            driver, args = section.get("driver"), section.get("args")
            if driver and args and driver.value in ("sql", "ldap") and _PATH.fullmatch(args.value):
                yield DatabaseFile(driver.value, args.value, args.origin)
    for item in dovecot.configuration.items("dict"):
        driver_name, _, name = item.value.partition(":")
        if _PATH.fullmatch(name) and driver_name in ("mysql", "pgsql", "ldap"):
            yield DatabaseFile(driver_name, name, item.origin)


def holds_password(source: SourceFile) -> bool:
    """Whether a file sets a password in the form of Postfix's database tables or of Dovecot's SQL and LDAP files.

    Such passwords are marked secret in the text.
    """
    found = False
    for number in range(1, min(len(source.line_starts), MAX_LINES) + 1):
        line = source.line_span(number)
        match = _PASSWORD.match(line.text)
        if match and match.lastgroup and not is_placeholder(match[match.lastgroup]):
            source.mark_secret(line.start + match.start(match.lastgroup), line.end)
            found = True
    return found
