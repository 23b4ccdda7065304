"""Make auditor/data/dovecot-2.2.36.json and dovecot-2.3.*.json: what settings are called, hold and default to.

    python tools/make_dovecot_settings.py ../shared/settings

Sources, all facts about the daemons' own tables:

* ``dovecot-types-2.3.19.json``: names, types and enum values, extracted from the ``setting_define`` tables in
  src/**/*-settings.c of Dovecot 2.3.19 and Pigeonhole 0.5.19.
* ``doveconf-d-bookworm.txt``, ``doveconf-s-bookworm.txt``: ``doveconf -d`` and ``-s`` of Debian's 2.3.19.1, the
  values of all defaults and the built-in services.
* What these cannot say is written here, with its file: which keys belong to which section, and how 2.2.36, 2.3.13 and
  2.3.21 differ from 2.3.19 (the same files of the tags 2.2.36.4, 2.3.14, 2.3.19.1 and 2.3.21.1 of Dovecot's source,
  compared).
* ``dovecot23-releases.json`` beside this script: what the releases between have otherwise, with its source.
"""

from __future__ import annotations

import argparse
import copy
import json
from pathlib import Path
from typing import Any, Final

RELEASES: Final = json.loads(Path(__file__).with_name("dovecot23-releases.json").read_text("utf-8"))

Entry = dict[str, Any]
Table = dict[str, Entry]
Services = dict[str, dict[str, Any]]

OUTCOMES: Final = ["return-ok", "return", "return-fail", "continue", "continue-ok", "continue-fail"]
FAILURES: Final = ["continue", "return", "return-ok", "return-fail", "continue-ok", "continue-fail"]


def text(default: str | None = "") -> Entry:
    """Return a string setting."""
    return {"type": "STR", "default": default}


def setting(kind: str, default: str) -> Entry:
    """Return a setting of another type; that a string holds variables (``STR_VARS``) matters in namespaces only."""
    return {"type": kind, "default": default}


def choice(*values: str) -> Entry:
    """Return an enum; its first value is the default."""
    return {"type": "ENUM", "default": values[0], "enum": list(values)}


def _outcomes() -> Table:
    return {
        "result_success": choice(*OUTCOMES),
        "result_failure": choice(*FAILURES),
        "result_internalfail": choice(*FAILURES),
    }


LISTENER: Final[Table] = {
    "path": text(),
    "mode": setting("UINT_OCT", "0600"),
    "user": text(),
    "group": text(),
}

SECTIONS: Final[dict[str, Table]] = {
    # src/auth/auth-settings.c
    "passdb": {
        **dict.fromkeys(
            ("name", "driver", "args", "default_fields", "override_fields", "mechanisms", "username_filter"), text()
        ),
        "skip": choice("never", "authenticated", "unauthenticated"),
        **_outcomes(),
        **dict.fromkeys(("deny", "pass", "master"), setting("BOOL", "no")),
        "auth_verbose": choice("default", "yes", "no"),
    },
    "userdb": {
        **dict.fromkeys(("name", "driver", "args", "default_fields", "override_fields"), text()),
        "skip": choice("never", "found", "notfound"),
        **_outcomes(),
        "auth_verbose": choice("default", "yes", "no"),
    },
    # src/master/master-settings.c
    "service": {
        **dict.fromkeys(
            ("name", "protocol", "type", "executable", "user", "group", "privileged_group", "extra_groups", "chroot"),
            text(),
        ),
        "drop_priv_before_exec": setting("BOOL", "no"),
        **dict.fromkeys(("process_min_avail", "process_limit", "client_limit", "service_count"), setting("UINT", "0")),
        "idle_kill": setting("TIME", "0"),
        "vsz_limit": setting("SIZE", "18446744073709551615 B"),
        **{key: {"type": "DEFLIST_UNIQUE"} for key in ("unix_listener", "fifo_listener", "inet_listener")},
    },
    "service/unix_listener": LISTENER,
    "service/fifo_listener": LISTENER,
    "service/inet_listener": {
        **dict.fromkeys(("name", "address"), text()),
        "port": setting("IN_PORT", "0"),
        **dict.fromkeys(("ssl", "reuse_port", "haproxy"), setting("BOOL", "no")),
    },
    # src/lib-storage/mail-storage-settings.c
    "namespace": {
        "name": text(),
        "type": choice("private", "shared", "public"),
        "separator": text(),
        **dict.fromkeys(("prefix", "location"), setting("STR_VARS", "")),
        **{key: {"type": "ALIAS", "of": "location"} for key in ("mail", "mail_location")},
        "alias_for": {"type": "STR_VARS", "default": None},
        **dict.fromkeys(("inbox", "hidden", "ignore_on_failure", "disabled"), setting("BOOL", "no")),
        "subscriptions": setting("BOOL", "yes"),
        "list": choice("yes", "no", "children"),
        "order": setting("UINT", "0"),
        "mailbox": {"type": "DEFLIST_UNIQUE"},
    },
    "namespace/mailbox": {
        **dict.fromkeys(("name", "special_use", "driver", "comment"), text()),
        "auto": choice("no", "create", "subscribe"),
        "autoexpunge": setting("TIME", "0"),
        "autoexpunge_max_mails": setting("UINT", "0"),
    },
    # src/stats/stats-settings.c
    "metric": {
        **dict.fromkeys(("metric_name", "fields", "group_by", "filter", "exporter", "description"), text()),
        "exporter_include": text("name hostname timestamps categories fields"),
    },
    "event_exporter": {
        **dict.fromkeys(("name", "transport", "transport_args", "format", "format_args"), text()),
        "transport_timeout": setting("TIME_MSECS", "250 ms"),
    },
}
"""Settings of each section, of 2.3.19; the section's own name first."""

TOP: Final[Table] = {
    # src/lib-master/master-service-ssl-settings.c, src/login-common/login-settings.c
    "ssl": choice("yes", "no", "required"),
    "auth_verbose": setting("BOOL", "no"),
    # src/lib-storage/mail-storage-settings.c, src/doveadm/doveadm-settings.c
    "mail": {"type": "ALIAS", "of": "mail_location"},
    "doveadm_proxy_port": {"type": "ALIAS", "of": "doveadm_port"},
    # 0 in src/submission-login, 40 M in src/submission: whatever it is set to, it differs from one of them.
    "submission_max_mail_size": setting("SIZE", "0") | {"always_changed": True},
    # NULL
    "submission_backend_capabilities": text(None),
    "imap_urlauth_stream_user": text(None),
    "imap_urlauth_submit_user": text(None),
    # Debian's patches: the packages of the protocols switch them on, and the daemon's name is another.
    "protocols": text("imap pop3 lmtp") | {"debian": ""},
    "login_greeting": text("Dovecot ready.") | {"debian": "Dovecot (Debian) ready."},
    "managesieve_implementation_string": text("Dovecot Pigeonhole") | {"debian": "Dovecot (Debian) Pigeonhole"},
    # What the login process learns from its module, when Pigeonhole is installed.
    "managesieve_sieve_capability": text(""),
    "managesieve_notify_capability": text(None),
    "plugin": {"type": "STRLIST"},
    "dict": {"type": "STRLIST"},
    "passdb": {"type": "DEFLIST"},
    "userdb": {"type": "DEFLIST"},
    "service": {"type": "DEFLIST_UNIQUE"},
    "namespace": {"type": "DEFLIST_UNIQUE"},
    "metric": {"type": "DEFLIST_UNIQUE"},
    "event_exporter": {"type": "DEFLIST_UNIQUE"},
}
"""Global settings that the tables do not say in full."""


STATS_2_2: Final = (
    "carbon_interval",
    "carbon_name",
    "carbon_server",
    "command_min_time",
    "domain_min_time",
    "ip_min_time",
    "memory_limit",
    "session_min_time",
    "user_min_time",
)
"""Settings of src/stats, which is src/old-stats with another prefix in 2.3."""

ABSENT_2_2: Final = (
    "auth_policy_log_only",
    "default_internal_group",
    "doveadm_ssl",
    "imap_literal_minus",
    "lmtp_add_received_header",
    "lmtp_client_workarounds",
    "lmtp_proxy_rawlog_dir",
    "lmtp_rawlog_dir",
    "lmtp_verbose_replies",
    "log_core_filter",
    "log_debug",
    "login_proxy_max_reconnects",
    "login_proxy_rawlog_dir",
    "login_proxy_timeout",
    "mail_cache_max_size",
    "process_shutdown_filter",
    "ssl_cipher_suites",
    "ssl_client_require_valid_cert",
    "ssl_curve_list",
    "ssl_dh",
    "ssl_min_protocol",
    "stats_http_rawlog_dir",
    "stats_writer_socket_path",
    "submission_backend_capabilities",
    "submission_client_workarounds",
    "submission_logout_format",
    "submission_max_mail_size",
    "submission_max_recipients",
    "submission_relay_command_timeout",
    "submission_relay_connect_timeout",
    "submission_relay_host",
    "submission_relay_master_user",
    "submission_relay_max_idle_time",
    "submission_relay_password",
    "submission_relay_port",
    "submission_relay_rawlog_dir",
    "submission_relay_ssl",
    "submission_relay_ssl_verify",
    "submission_relay_trusted",
    "submission_relay_user",
    "submission_ssl",
    "submission_timeout",
    "metric",
    "event_exporter",
)
"""Global settings of 2.3.19 that 2.2.36 does not know."""

CHANGED_2_2: Final[Table] = {
    "auth_policy_request_attributes": text(
        "login=%{requested_username} pwhash=%{hashed_password} remote=%{rip} device_id=%{client_id} protocol=%s"
    ),
    "director_consistent_hashing": setting("BOOL", "no"),
    "director_doveadm_port": setting("IN_PORT", "0"),
    "director_username_hash": text("%u"),
    "imap_logout_format": text("in=%i out=%o"),
    "imapc_connection_retry_interval": setting("TIME", "1 secs"),
    "lmtp_address_translate": text(),
    "mail_log_prefix": text("%s(%u): "),
    "mailbox_list_index": setting("BOOL", "no"),
    "mbox_write_locks": text("dotlock fcntl"),
    "mdbox_purge_preserve_alt": setting("BOOL", "no"),
    "mdbox_rotate_size": setting("SIZE", "2 M"),
    "postmaster_address": text("postmaster@%d"),
    "ssl_cipher_list": text("ALL:!LOW:!SSLv2:!EXP:!aNULL"),
    "ssl_dh_parameters_length": setting("UINT", "1024"),
    "ssl_parameters_regenerate": setting("TIME", "0"),
    "ssl_protocols": text("!SSLv2 !SSLv3"),
}
"""Global settings that 2.2.36 has and 2.3.19 has not, or not so."""


def dumped(path: Path) -> dict[str, Any]:
    """Return what doveconf printed, sections as dictionaries by type and name."""
    root: dict[str, Any] = {}
    stack = [root]
    for line in path.read_text("utf-8").splitlines():
        words = line.strip()
        if words.startswith("#"):
            continue
        if words == "}":
            stack.pop()
        elif words.endswith(" {"):
            kind, _, name = words[:-2].partition(" ")
            stack.append(stack[-1].setdefault(kind, {}).setdefault(name, {}))
        elif " =" in words:
            key, _, value = words.partition(" =")
            value = value.strip()
            stack[-1][key] = value[1:-1] if value[:1] == '"' == value[-1:] else value
    return root


def table_2_3_19(folder: Path) -> tuple[Table, Services]:
    """Return the global settings and the services of 2.3.19."""
    types: dict[str, Any] = json.loads((folder / "dovecot-types-2.3.19.json").read_text("utf-8"))
    values = dumped(folder / "doveconf-s-bookworm.txt")
    values.update(dumped(folder / "doveconf-d-bookworm.txt"))
    services: Services = values.pop("service")
    shown = dumped(folder / "doveconf-d-bookworm.txt")
    top: Table = {}
    for name, default in sorted(values.items()):
        kind = types[name]["type"]
        top[name] = {"type": "STR" if kind == "STR_VARS" else kind, "default": default}
        if "enum" in types[name]:
            top[name]["enum"] = types[name]["enum"]
        if name not in shown:
            top[name]["hidden"] = True
    return dict(sorted({**top, **TOP}.items())), services


def changed_only(services: Services) -> Services:
    """Return the services with what differs from the defaults of their section."""

    def reduced(section: str, block: dict[str, Any]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, value in block.items():
            if isinstance(value, dict):
                kept[key] = {name: reduced(f"{section}/{key}", inner) for name, inner in value.items()}
            elif value != SECTIONS[section][key].get("default"):
                kept[key] = value
        return kept

    return {name: reduced("service", block) for name, block in sorted(services.items())}


def as_2_3_13(top: Table, services: Services) -> None:
    """Turn the tables of 2.3.19 into those of 2.3.13 and 2.3.14."""
    for name in ("process_shutdown_filter", "ssl_cipher_suites", "lmtp_verbose_replies", "login_proxy_rawlog_dir"):
        del top[name]
    top["ssl_min_protocol"] = text("TLSv1")
    top["director_username_hash"] = text("%u")
    del services["stats"]["unix_listener"]["login/stats-writer"]
    services["auth-worker"]["service_count"] = "1"


def as_2_3_21(top: Table, services: Services) -> None:
    """Turn the tables of 2.3.19 into those of 2.3.21."""
    del top["master_user_separator"]
    assert services


def as_2_2_36(top: Table, services: Services) -> None:
    """Turn the tables of 2.3.19 into those of 2.2.36."""
    as_2_3_13(top, services)
    for name in ("auth-worker", "indexer-worker"):
        services[name]["type"] = ""
    for name in ABSENT_2_2:
        top.pop(name, None)
    for name in STATS_2_2:
        top[f"stats_{name}"] = top.pop(f"old_stats_{name}")
    for name in ("continued_percentage", "delete_percentage", "header_continue_count", "min_size"):
        top[f"mail_cache_compress_{name}"] = top.pop(f"mail_cache_purge_{name}")
    top.update(CHANGED_2_2)
    for name in ("health-check", "old-stats", "submission", "submission-login"):
        del services[name]
    services["dns_client"] = services.pop("dns-client")
    services["dns_client"]["unix_listener"] = {"dns-client": {"mode": "0666", "user": "", "group": ""}}
    services["ssl-params"] = {
        "type": "startup",
        "executable": "ssl-params",
        "idle_kill": "0",
        "unix_listener": {name: {"mode": "0666"} for name in ("ssl-params", "login/ssl-params")},
    }
    services["stats"]["chroot"] = "empty"
    services["stats"]["unix_listener"] = {"stats": {"mode": "0600"}}
    services["stats"]["fifo_listener"] = {name: {"mode": "0600"} for name in ("stats-mail", "stats-user")}
    for name in services:
        if services[name].get("extra_groups") == "$default_internal_group":
            services[name]["extra_groups"] = ""
        for listener in services[name].get("unix_listener", {}).values():
            if listener.get("group") == "$default_internal_group":
                listener.update(group="", mode="0600")
    services["ipc"]["unix_listener"]["ipc"]["user"] = ""


VERSIONS: Final = {"2.2.36": as_2_2_36, "2.3.13": as_2_3_13, "2.3.19": None, "2.3.21": as_2_3_21}


def written(version: str, top: Table, sections: dict[str, Table], services: Services) -> str:
    """Return the file, one setting or service a line."""

    def lines(table: dict[str, Any]) -> str:
        return ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in table.items())

    parts = ",\n".join(f"{json.dumps(name)}: {{\n{lines(table)}}}" for name, table in {"": top, **sections}.items())
    before = ",\n".join(json.dumps(row) for row in RELEASES[version])
    return (
        f'{{"sources": ["tools/make_dovecot_settings.py names them"],\n"version": "{version}",\n'
        f'"sections": {{\n{parts}}},\n"services": {{\n{lines(services)}}},\n"before": [\n{before}]}}\n'
    )


def main() -> None:
    """Write one file for each version."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("settings", type=Path, help="the folder of dumps and tables")
    parser.add_argument("--output", type=Path, default=Path(__file__).parents[1] / "auditor" / "data")
    arguments = parser.parse_args()
    known = table_2_3_19(arguments.settings)
    for version, differ in VERSIONS.items():
        top, services = copy.deepcopy(known)
        sections = dict(SECTIONS)
        if differ:
            differ(top, services)
        if version == "2.2.36":
            sections = {name: table for name, table in sections.items() if name not in ("metric", "event_exporter")}
        content = written(version, dict(sorted(top.items())), sections, changed_only(services))
        (arguments.output / f"dovecot-{version}.json").write_text(content, "utf-8")


if __name__ == "__main__":
    main()
