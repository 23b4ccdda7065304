"""Which parameters of Postfix hold secrets."""

from __future__ import annotations

import re
from typing import Final

_SECRET_NAME: Final = re.compile(r"(?:^|_)(?:password|passwd|bind_pw|secret)$")
"""Passwords of tables in main.cf: ``prefix_password`` (mysql_table(5)), ``prefix_bind_pw`` (ldap_table(5))."""
_TABLE_WITH_CONTENTS: Final = re.compile(r"(?:inline|static|pcre|regexp|cidr):\s*\S")
_COMMENTED_OUT: Final = re.compile(
    r"(?m)^[ \t\r\f\v]*+#.*?(?:sasl_password_maps[ \t]*=|(?:_|\b)(?:password|bind_pw)[ \t]*=)[ \t]*+(?P<secret>\S.*)$"
)


def names_passwords(name: str) -> bool:
    """Whether a parameter names tables of passwords: ``smtp_sasl_password_maps`` and the like."""
    return name.endswith("sasl_password_maps")


def has_contents(value: str) -> bool:
    """Whether a value holds a table itself and not only its name."""
    return _TABLE_WITH_CONTENTS.search(value) is not None


def is_secret(name: str, value: str) -> bool:
    """Whether a value is, or holds, a password."""
    if not value:
        return False
    return has_contents(value) if names_passwords(name) else _SECRET_NAME.search(name) is not None


def commented_out(text: str) -> list[tuple[int, int]]:
    """Return where secrets stand in the comments of a main.cf: start and end of each."""
    found: list[tuple[int, int]] = []
    # Few lines have one of the words, and finding them is many times faster than matching each line.
    for word in ("password", "bind_pw"):
        at = text.find(word)
        while at >= 0:
            match = _COMMENTED_OUT.match(text, text.rfind("\n", 0, at) + 1)
            found += [match.span("secret")] if match else []
            end = text.find("\n", at)
            at = text.find(word, end) if end >= 0 else -1
    return sorted(set(found))


def looks_secret(name: str) -> bool:
    """Whether what stands behind a name in a line that cannot be read may be a secret."""
    return names_passwords(name) or _SECRET_NAME.search(name) is not None
