"""The words that random Dovecot configurations are made of: keys, names of blocks, values, fragments of text."""

from __future__ import annotations

from typing import Final

from auditor.dovecot.configuration import Scope

WORDS: Final = (
    *(
        "a",
        "b",
        "x",
        "acl",
        "quota",
        "plain",
        "login",
        "/h",
        "~/Maildir",
        "%u",
        "%{user}",
        "a=b",
        "a/b",
        "*",
        "!x",
        "é",
    ),
    *("INBOX", "\\Sent", "mail.example.org", "10.0.0.1", "user@example.org", "yes", "no", "1", "{", "}", "it's"),
)
FRAGMENTS: Final = (
    *(
        '"',
        "'",
        "#",
        " # c",
        "\\",
        "\\\\",
        '\\"',
        "\\'",
        "$mail_plugins",
        "$ENV:NOT_SET",
        "$SET:mail_plugins",
        "$",
        ";",
    ),
    *(
        "\t",
        "  ",
        " ",
        ",",
        "=",
        "<",
        "%{user",
        "$mail_plugins quota",
        "$x",
        "$$",
        "'#'",
        '" # "',
        "\\n",
        "$SET:mail_home",
    ),
)
RARE: Final = ("\udcff", "\udcc3", "\f", "\v", "\r", "\0", "\u00a0", "\ufeff", "\x1b[1m", "\x7f", "\x01")
VALUES: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "BOOL": (("yes", "no", "YES", "No", "y", "1", '"yes"', "'no'"), ("true", "n", "0", "", "yes no", "off")),
    "UINT": (("0", "1", "7", "100", "007", "4294967295"), ("-1", "x", "1 2", "+3", "unlimited", "4294967296", "")),
    "UINT_OCT": (("0600", "0666", "384", "0"), ("08", "x", "")),
    "TIME": (
        ("5 s", "5s", "2 mins", "1h", "30 days", "0", "60 secs", "1 WEEKS", "2000 ms"),
        ("5", "1.5s", "5 x", "infinite", ""),
    ),
    "TIME_MSECS": (("5 s", "5ms", "2 mins", "1500 msecs", "0"), ("5", "5 x", "")),
    "SIZE": (("5M", "10 k", "1G", "0", "1024", "1 TiB", "3B", "unlimited"), ("x", "", "5 X", "-1")),
    "IN_PORT": (("0", "143", "65535"), ("65536", "imap", "")),
}
"""Values by type: good ones, and ones that are refused or odd."""
PROTOCOLS: Final = ("imap", "imap", "imap", "pop3", "lmtp", "lda", "!imap", "!pop3", "sieve", "foo", '"imap"', "Imap")
NETS: Final = (
    *("10.0.0.0/8", "10.0.0.1", "10.0.0.0/24", "10.1.0.0/16", "::1", "[::1]", "fe80::/10", "10.0.0.1/32"),
    *("192.0.2.1", "10.0.0.0/33", "2001:db8::/32", "10.0.0.77/8"),
)
NAMES: Final = (
    "mail.example.org",
    "*.example.org",
    "MAIL.example.org",
    '"a b"',
    "a.b",
    '"mail.example.org"',
    "?ail.example.org",
)
SCOPES: Final = (
    Scope("imap"),
    Scope("pop3"),
    Scope("imap", local="10.0.0.1"),
    Scope(local_name="mail.example.org"),
    Scope(remote="10.0.0.1"),
    Scope("imap", "10.0.0.1", "10.0.0.1", "mail.example.org"),
)
OFTEN_23: Final = (
    *("mail_plugins", "mail_plugins", "login_greeting", "login_greeting", "mail_debug", "ssl", "ssl_cert", "ssl_key"),
    *("auth_mechanisms", "disable_plaintext_auth", "mail_location", "mail_home", "auth_cache_ttl", "auth_cache_size"),
    *("default_process_limit", "mail_max_userip_connections", "imap_id_log", "ssl_cipher_list", "auth_username_chars"),
    *("mail_attachment_dir", "first_valid_uid", "mail_max_lock_timeout", "lda_mailbox_autocreate", "protocols"),
)
OFTEN_24: Final = (
    *(
        "mail_plugins",
        "mail_plugins",
        "login_greeting",
        "login_greeting",
        "mail_debug",
        "ssl",
        "mail_path",
        "mail_home",
    ),
    *("auth_mechanisms", "auth_allow_cleartext", "ssl_server_cert_file", "ssl_server_key_file", "auth_cache_ttl"),
    *(
        "auth_cache_size",
        "default_process_limit",
        "imap_logout_format",
        "ssl_cipher_list",
        "mail_driver",
        "first_valid_uid",
    ),
    *("imap_capability", "passdb_default_password_scheme", "protocols", "listen"),
)
NOT_INSTALLED: Final = (
    *("cassandra", "cdb_path", "fts_flatcurve", "fts_solr", "passdb_bsdauth", "passdb_lua", "userdb_lua"),
    "passdb_sql_update_query",
)
"""How the names of settings begin that 2.4 has only with packages that Debian has not or that are not installed."""
INSIDE: Final[dict[str, tuple[str, ...]]] = {
    "passdb": ("driver", "args", "mechanisms", "deny", "master", "skip", "result_success", "default_fields"),
    "userdb": ("driver", "args", "skip", "override_fields", "result_failure"),
    "service": ("process_limit", "executable", "user", "client_limit", "chroot", "vsz_limit", "idle_kill", "type"),
    "unix_listener": ("mode", "user", "group"),
    "fifo_listener": ("mode", "user"),
    "inet_listener": ("port", "ssl", "address", "reuse_port", "haproxy"),
    "namespace": ("prefix", "separator", "type", "inbox", "hidden", "list", "location", "subscriptions", "order"),
    "mailbox": ("auto", "special_use", "autoexpunge", "comment", "driver"),
    "plugin": ("quota", "sieve", "acl", "x", "quota_rule", "fts"),
    "dict": ("quota", "acl", "x"),
}
"""Keys of blocks."""
CHILDREN: Final = {"service": ("unix_listener", "fifo_listener", "inet_listener"), "namespace": ("mailbox",)}
BLOCK_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "service": ("imap", "imap-login", "auth", "imap", "foo", "Imap", '"a b"', "stats"),
    "unix_listener": ("auth-userdb", "x", "/var/spool/x", "login/imap", '"a b"', "auth-master"),
    "fifo_listener": ("x", "y"),
    "inet_listener": ("imap", "imaps", "x", '"a b"'),
    "namespace": ("inbox", "inbox", "", "Inbox", "a", "a/b", '"a b"', "a=b", '"a,b"'),
    "mailbox": ("Trash", "Sent", '"Sent Messages"', "*", "a/b", "trash"),
    "passdb": ("", "", "", "a", "b", "pam", "passwd-file", "ldap", "sql"),
    "userdb": ("", "", "a", "static", "passwd"),
    "metric": ("a", "b"),
    "event_exporter": ("a",),
    "dict_server": ("a",),
    "mysql": ("localhost", "h"),
    "fs": ("posix", "a"),
    "quota": ("User", "a b"),
    "language": ("en", "de"),
    "acl": ("a", "owner"),
}
IN_24: Final[dict[str, tuple[str, ...]]] = {
    "passdb": (
        "driver",
        "passdb_driver",
        "mechanisms_filter",
        "deny",
        "master",
        "skip",
        "result_success",
        "passwd_file_path",
        "default_password_scheme",
        "ldap_filter",
        "query",
        "session",
        "service_name",
    ),
    "userdb": ("driver", "userdb_driver", "skip", "result_failure", "passwd_file_path", "use_worker"),
    "service": (
        "process_limit",
        "service_process_limit",
        "executable",
        "user",
        "client_limit",
        "chroot",
        "vsz_limit",
        "type",
        "idle_kill_interval",
        "extra_groups",
    ),
    "unix_listener": ("mode", "user", "group", "unix_listener_mode", "type"),
    "fifo_listener": ("mode", "user"),
    "inet_listener": ("port", "ssl", "listen", "reuse_port", "haproxy", "inet_listener_port"),
    "namespace": (
        "prefix",
        "separator",
        "type",
        "inbox",
        "hidden",
        "list",
        "subscriptions",
        "order",
        "mail_path",
        "mail_plugins",
    ),
    "mailbox": ("auto", "special_use", "autoexpunge", "comment", "mailbox_auto"),
    "ssl_server": ("cert_file", "key_file", "ssl_server_cert_file", "prefer_ciphers", "ca_file", "request_client_cert"),
    "ssl_client": ("ca_file", "cert_file", "ssl_cipher_list", "require_valid_cert"),
    "auth_policy": ("server_url", "hash_mech", "auth_policy_hash_nonce", "log_only"),
    "metric": ("filter", "fields", "description"),
    "event_exporter": ("driver", "format", "time_format"),
    "mysql": ("host", "port", "user", "dbname"),
    "quota": ("driver", "storage_size", "hidden", "ignore"),
    "language": ("default", "filters", "tokenizers"),
}
CHILDREN_24: Final = {**CHILDREN, "passdb": ("fields",), "userdb": ("fields",), "mailbox": ("fts_autoindex",)}
LISTS_24: Final = (
    "mail_plugins",
    "auth_mechanisms",
    "imap_capability",
    "passdb_fields",
    "protocols",
    "listen",
    "imap_id_send",
)
