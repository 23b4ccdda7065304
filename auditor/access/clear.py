"""Logins without TLS, by the settings that allow them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.access.rows import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.access.logins import Login
    from auditor.access.rows import Listener
    from auditor.dovecot.configuration import Setting

REUSABLE: tuple[Secret, ...] = (Secret.PASSWORD, Secret.ONE_PASSWORD, Secret.TOKEN)
"""Secrets that whoever overhears them can use."""


class Unprotected(NamedTuple):
    """Logins without TLS that the same settings allow: ``ssl`` and ``auth_allow_cleartext``."""

    ssl: Setting
    cleartext: Setting
    listeners: tuple[Listener, ...]
    logins: tuple[Login, ...]

    @property
    def offers_tls(self) -> bool:
        """Whether clients could have TLS."""
        return self.ssl.value.lower() != "no"

    @property
    def sends_passwords(self) -> bool:
        """Whether a secret passes in clear that is worth something."""
        return any(login.is_plaintext and login.secret in REUSABLE for login in self.logins)

    @property
    def other_mechanisms(self) -> tuple[str, ...]:
        """The mechanisms that protect the secret, and not the session behind it."""
        names = (login.mechanism for login in self.logins if not login.is_plaintext and login.secret is not Secret.NONE)
        return tuple(dict.fromkeys(names))

    @property
    def services(self) -> str:
        """The listeners in words."""
        return ", ".join(dict.fromkeys(listener.label for listener in self.listeners))


def unprotected(found: Iterable[tuple[Listener, Login, Setting, Setting]]) -> tuple[Unprotected, ...]:
    """Return the logins without TLS, those that the same settings allow together."""
    groups: dict[tuple[Setting, Setting], list[tuple[Listener, Login]]] = {}
    for listener, login, ssl, cleartext in found:
        groups.setdefault((ssl, cleartext), []).append((listener, login))
    return tuple(
        Unprotected(
            ssl,
            cleartext,
            tuple(dict.fromkeys(listener for listener, _ in group)),
            tuple(dict.fromkeys(login for _, login in group)),
        )
        for (ssl, cleartext), group in groups.items()
    )
