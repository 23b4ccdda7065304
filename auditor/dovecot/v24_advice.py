"""What to write instead of a name that Dovecot 2.4 does not know.

The renames are those collected in section 7 of the project's reference DOVECOT-SYNTAX, from the upgrade tables of
dovecot/documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.dovecot.upgrade_table import upgrade_table
from auditor.text import similar

if TYPE_CHECKING:
    from auditor.dovecot.v24_schema import Schema

MAX_GUESSES: Final = 100
"""Unknown names in one configuration for which a similar one is looked for."""

NEW_NAMES: Final = {
    "auth_default_realm": "auth_default_domain",
    "auth_worker_max_count": "service auth-worker { process_limit }",
    "default_idle_kill": "default_idle_kill_interval",
    "disable_plaintext_auth": "auth_allow_cleartext, with yes and no the other way round",
    "mail_location": "mail_driver, mail_path, mail_inbox_path, mail_index_path and mail_control_path",
    "plugin": "the settings of the plugin at top level or in its own block",
    "ssl_alt_cert": "ssl_server_alt_cert_file, without <",
    "ssl_alt_key": "ssl_server_alt_key_file, without <",
    "ssl_ca": "ssl_server_ca_file for client certificates and ssl_client_ca_file for outgoing connections, without <",
    "ssl_cert": "ssl_server_cert_file, without <",
    "ssl_cert_username_field": "ssl_server_cert_username_field",
    "ssl_client_cert": "ssl_client_cert_file, without <",
    "ssl_client_key": "ssl_client_key_file, without <",
    "ssl_dh": "ssl_server_dh_file, without <",
    "ssl_key": "ssl_server_key_file, without <",
    "ssl_key_password": "ssl_server_key_password",
    "ssl_prefer_server_ciphers": "ssl_server_prefer_ciphers = server or client",
    "ssl_protocols": "ssl_min_protocol",
    "ssl_require_crl": "ssl_server_require_crl",
    "ssl_verify_client_cert": "ssl_server_request_client_cert",
    "verbose_ssl": "log_debug = category=ssl",
}
"""Names of 2.2 and 2.3, and what 2.4 has instead."""

NEW_NAMES_IN: Final = {
    ("passdb", "args"): "the settings of the driver, such as passwd_file_path or sql_driver and query",
    ("userdb", "args"): "the settings of the driver, such as passwd_file_path or sql_driver and query",
    ("passdb", "default_fields"): "fields { }",
    ("userdb", "default_fields"): "fields { }, with :default after a field's name",
    ("passdb", "override_fields"): "fields { }",
    ("userdb", "override_fields"): "fields { }",
    ("passdb", "mechanisms"): "mechanisms_filter",
    ("passdb", "pass"): "result_success = continue",
    ("service", "idle_kill"): "idle_kill_interval",
    ("service", "service_count"): "restart_request_count, with unlimited for 0",
    ("inet_listener", "address"): "listen",
}
"""The same for names inside a section."""


class Adviser:
    """Knows what may have been meant, for a limited number of names."""

    def __init__(self, schema: Schema) -> None:
        """Look among the settings of a version."""
        self._schema = schema
        self._guessed: dict[tuple[str, str], str] = {}

    def advice(self, key: str, section: str = "") -> str:
        """Return what to write instead of a key inside a kind of section, or nothing."""
        new = NEW_NAMES_IN.get((section, key)) or NEW_NAMES.get(key)
        if new:
            return f"Dovecot 2.4 has {new} instead of {key}."
        if old := self._of_2_3(key, section):
            return old
        if known := self._of_another_release(key, section):
            return known
        if (section, key) not in self._guessed:
            if len(self._guessed) >= MAX_GUESSES or len(key) > 80:
                return ""
            self._guessed[section, key] = self._similar(key, section)
        similar = self._guessed[section, key]
        return f"Did you mean {similar}?" if similar else ""

    def _of_another_release(self, key: str, section: str) -> str:
        """Return when a name came or went that other releases of 2.4 know."""
        for name in (f"{section}_{key}", key):
            if history := self._schema.history_of(name):
                return f"{history.told(name, self._schema.version)}."
        return ""

    @staticmethod
    def _of_2_3(key: str, section: str) -> str:
        """Return what became of a name of 2.2 and 2.3; one outside of sections may have stood in ``plugin``."""
        table = upgrade_table()
        entry = table.entry(section, key) or table.entry("", key) or table.entry("plugin", key)
        if entry is None:
            return ""
        note = entry.note.replace("{value}", "its value")
        if not entry.new:
            return f"Dovecot 2.4 has no {key}: {note}." if note else ""
        names = ", ".join(entry.new)
        return f"Dovecot 2.4 has {names} instead of {key}{f': {note}' if note else ''}."

    def _similar(self, key: str, section: str) -> str:
        prefix = f"{section}_" if section else ""
        inner = [name.removeprefix(prefix) for name in self._schema.settings if prefix and name.startswith(prefix)]
        return similar(key, inner, 0.8) or similar(key, self._schema.settings, 0.8)
