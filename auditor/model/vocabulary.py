"""One vocabulary for both Dovecot dialects: 2.4's setting names, and how 2.2 and 2.3 spell them.

Source: the upgrade tables of the Dovecot documentation (docs/installation/upgrade/include/2.4-converted-settings.inc).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from auditor.dovecot.configuration import Dialect

SPELLED_IN_23: Final = {
    "auth_allow_cleartext": "disable_plaintext_auth",
    "passdb_args": "args",
    "passdb_default_fields": "default_fields",
    "passdb_deny": "deny",
    "passdb_driver": "driver",
    "passdb_master": "master",
    "passdb_mechanisms_filter": "mechanisms",
    "passdb_override_fields": "override_fields",
    "passdb_result_failure": "result_failure",
    "passdb_result_internalfail": "result_internalfail",
    "passdb_result_success": "result_success",
    "passdb_skip": "skip",
    "passdb_username_filter": "username_filter",
    "inet_listener_haproxy": "haproxy",
    "inet_listener_port": "port",
    "inet_listener_ssl": "ssl",
    "service_protocol": "protocol",
    "unix_listener_group": "group",
    "unix_listener_mode": "mode",
    "unix_listener_user": "user",
    "ssl_client_cert_file": "ssl_client_cert",
    "ssl_client_key_file": "ssl_client_key",
    "ssl_server_alt_cert_file": "ssl_alt_cert",
    "ssl_server_alt_key_file": "ssl_alt_key",
    "ssl_server_ca_file": "ssl_ca",
    "ssl_server_cert_file": "ssl_cert",
    "ssl_server_cert_username_field": "ssl_cert_username_field",
    "ssl_server_dh_file": "ssl_dh",
    "ssl_server_key_file": "ssl_key",
    "ssl_server_key_password": "ssl_key_password",
    "ssl_server_request_client_cert": "ssl_verify_client_cert",
    "ssl_server_require_crl": "ssl_require_crl",
}
"""2.4's name and 2.3's, where they differ; names of both that are equal are left out."""

INVERTED_IN_23: Final = frozenset({"auth_allow_cleartext"})
"""Booleans whose 2.3 spelling says the opposite."""

TRUE_WORDS: Final = frozenset({"yes", "y", "1"})
"""What Dovecot takes for true, in any case (src/lib-settings/settings-parser.c, get_bool)."""


def spelled(name: str, dialect: Dialect) -> str:
    """Return how a dialect spells a setting of the common vocabulary."""
    return SPELLED_IN_23.get(name, name) if dialect == "2.3" else name


def is_true(value: str) -> bool:
    """Whether Dovecot takes a boolean's text for true."""
    return value.strip().lower() in TRUE_WORDS
