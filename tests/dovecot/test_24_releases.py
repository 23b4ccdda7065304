"""What the releases of 2.4 have otherwise: tags 2.4.0 to 2.4.4 of Dovecot's source (tools/dovecot24-releases.json)."""

from __future__ import annotations

import pytest

from auditor.dovecot.v24_advice import Adviser
from auditor.dovecot.v24_built_in import new_tree
from auditor.dovecot.v24_schema import Type, schema_of
from auditor.text import Origin

ALL = ("2.4.0", "2.4.1", "2.4.2", "2.4.3", "2.4.4", "2.4.5")


@pytest.mark.parametrize(
    ("name", "releases"),
    [
        ("acl_global_path", ALL[:3]),
        ("http_client_dns_client_socket_path", ALL[:2]),
        ("imap4rev2_enable", ALL[2:]),
        ("inet_listener_reuse_port", ALL[:4]),
        ("mailbox_list_normalize_names_to_nfc", ALL[3:]),
        ("passdb_sql_update_query", ALL[:5]),
        ("push_notification_ox", ALL[4:]),
        ("service_reuse_port", ALL[4:]),
        ("sqlite_busy_timeout", ALL[5:]),
        ("ssl_server_request_client_cert", ALL),
    ],
)
def test_names(name: str, releases: tuple[str, ...]) -> None:
    assert tuple(one for one in ALL if name in schema_of(one).settings) == releases


@pytest.mark.parametrize(
    ("name", "changed", "before", "after"),
    [
        ("imap_compress_on_proxy", "2.4.5", "no", "yes"),
        ("last_valid_uid", "2.4.3", "0", "unlimited"),
        ("submission_max_mail_size", "2.4.3", "0", "40 M"),
    ],
)
def test_defaults(name: str, changed: str, before: str, after: str) -> None:
    for one in ALL:
        assert schema_of(one).settings[name].default == (before if one < changed else after)


@pytest.mark.parametrize(
    ("path", "key", "values"),
    [
        ("passdb_ldap", "passdb_default_password_scheme", ["CRYPT"] * 6),
        ("service/anvil/unix_listener/anvil-auth-penalty", "unix_listener_mode", ["0600"] * 3 + ["0660"] * 3),
        ("service/anvil/unix_listener/anvil-connect-limit", "unix_listener_mode", [None] * 4 + ["0660"] * 2),
        ("service/auth/unix_listener/auth-token", "unix_listener_mode", [None] * 3 + ["0666"] * 3),
        ("service/submission-login", "submission_max_mail_size", [None] * 3 + ["unlimited"] * 3),
    ],
)
def test_built_in_values(path: str, key: str, values: list[str | None]) -> None:
    """Each release is read with its own ``dovecot_config_version``."""
    assert [schema_of(one).filters.get(path, {}).get(key) is not None for one in ALL] == [
        value is not None for value in values
    ]
    for one, wanted in zip(ALL, values, strict=True):
        schema = schema_of(one)
        if wanted is not None:
            assert (schema.old_default(path, key, one) or schema.filters[path][key]) == wanted
        assert new_tree(schema, one, Origin(default_of=one), shown=True).filters


def test_types() -> None:
    kinds = [schema_of(one).settings["ssl_server_request_client_cert"].type for one in ALL]
    assert kinds == [Type.BOOL] * 2 + [Type.ENUM] * 4


@pytest.mark.parametrize(
    ("version", "key", "section", "advice"),
    [
        ("2.4.1", "imap4rev2_enable", "", "imap4rev2_enable came with Dovecot 2.4.2; this is read as 2.4.1."),
        ("2.4.2", "sqlite_synchronous", "", "sqlite_synchronous came with Dovecot 2.4.3; this is read as 2.4.2."),
        ("2.4.4", "acl_global_path", "", "acl_global_path is gone since Dovecot 2.4.3."),
        ("2.4.5", "reuse_port", "inet_listener", "inet_listener_reuse_port is gone since Dovecot 2.4.4."),
        ("2.4.5", "http_client_dns_client_socket_path", "", "is gone since Dovecot 2.4.2."),
    ],
)
def test_what_is_said_of_a_name_that_another_release_knows(version: str, key: str, section: str, advice: str) -> None:
    assert Adviser(schema_of(version)).advice(key, section).endswith(advice)
