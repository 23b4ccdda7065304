"""Make auditor/data/dovecot-2.4.*.json: what the settings of Dovecot 2.4 are called, hold and default to.

    python tools/make_dovecot24_settings.py ../shared/settings

Sources, all facts about the daemons' own tables:

* ``dovecot-types-{2.4.1,2.4.4,master}.json``: names, types, enum values, name fields and required settings, extracted
  from the ``setting_define`` tables in src/**/*-settings.c of 2.4.1 (with Pigeonhole), 2.4.4, main of 2026-08 (2.4.5).
* ``doveconf-s-{trixie,sid}.txt``: ``doveconf -s`` of 2.4.1 and 2.4.5, the values in the ``defaults`` structs.
* ``doveconf-d-{trixie,sid}.txt``: ``doveconf -d``, the built-in filters (services, listeners, groups) and lists.
* ``settings-history-core.txt``: which defaults an older ``dovecot_config_version`` keeps.
* ``dovecot24-structs.json`` beside this script: the settings of each struct that has a check, in their order. Asked of
  Debian's 2.4.1 and 2.4.5 by ``doveconf -F sh -c 'cat <&$DOVECOT_CONFIG_FD'``, which prints what the daemons read; its
  layout is told at the top of src/config/config-dump-full.c.
* ``dovecot24-releases.json`` beside this script: what the releases between have otherwise, with its source.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any, Final

Table = dict[str, dict[str, Any]]
Values = dict[str, Any]

VERSIONS: Final = {"2.4.1": ("2.4.1", "trixie"), "2.4.5": ("master", "sid")}
LISTS: Final = ("BOOLLIST", "STRLIST")
STRUCTS: Final = Path(__file__).with_name("dovecot24-structs.json")
RELEASES: Final = json.loads(Path(__file__).with_name("dovecot24-releases.json").read_text("utf-8"))

FTS_FILTER: Final = {"<FTS_FILTER>": "fts", "<FTS_FILTER_DECODER_TIKA>": "fts_decoder_tika"}
"""Macros that stand in names: src/plugins/fts/fts-settings.c."""

ENUMS: Final = {
    "dict_map_key_field_type": ["string", "int", "uint", "double", "hexblob", "uuid"],
    "dict_map_value_field_type": ["string", "int", "uint", "double", "hexblob", "uuid"],
    "fts_decoder_driver": ["", "tika", "script"],
    "fts_search_add_missing": ["body-search-only", "yes"],
    "mailbox_auto": ["no", "create", "subscribe"],
    "metric_group_by_method_method": ["discrete", "exponential", "linear"],
    "quota_warning_resource": ["storage", "message"],
    "quota_warning_threshold": ["over", "under"],
    "ssl": ["yes", "no", "required"],
    "userdb_skip": ["never", "found", "notfound"],
}
"""Enum values that the extraction does not see, the default first.

src/lib-dict-backend/dict-sql-settings.c, src/plugins/fts/fts-settings.c, src/lib-storage/mail-storage-settings.h,
src/stats/stats-settings.c, src/plugins/quota/quota-settings.c, src/lib-ssl-iostream/ssl-settings.c.
"""
LIMITS: Final = {
    f"service_{name}": f"$SET:default_{name}"
    for name in ("client_limit", "idle_kill_interval", "process_limit", "vsz_limit")
}
"""What doveconf -d of 2.4.1 prints expanded; ``default_process_limit = 0`` is refused for each service there, too."""

MACROS: Final = {
    "SQL_CONNECT_TIMEOUT_SECS * 1000": "5 secs",
    "SQL_CONNECT_TIMEOUT_SECS": "5 secs",
    "SQL_QUERY_TIMEOUT_SECS * 1000": "1 mins",
    "CASS_QUERY_DEFAULT_WARN_TIMEOUT_MSECS": "5 secs",
    "SQL_DEFAULT_CONNECTION_LIMIT": "5",
    "MYSQL_DEFAULT_READ_TIMEOUT_SECS": "30 secs",
    "MYSQL_DEFAULT_WRITE_TIMEOUT_SECS": "30 secs",
}
"""Defaults of modules that Debian's dump lacks: src/lib-sql/sql-api-private.h, driver-mysql.c, driver-cassandra.c."""

CORRECTED: Final[Table] = {
    "mysql_port": {"default_literal": "0"},
    "mysql_ssl": {"default_literal": "FALSE"},
    "doveadm_proxy_port": {"type": "IN_PORT", "alias": "doveadm_port"},
}
"""src/lib-sql/driver-mysql.c and src/doveadm/doveadm-settings.c, where two structs share a file in the extraction."""

PIGEONHOLE_2_4_5: Final = {
    "managesieve_extlists_capability": "BOOLLIST",
    "oauth2_audience": "BOOLLIST",
    "sieve_extlists_list": "FILTER_ARRAY",
    "sieve_extlists_list_max_lookup_size": "SIZE",
    "sieve_extlists_list_name": "STR",
    "sieve_script_dict": "FILTER_NAME",
    "sieve_notify_mailto_max_headers": "UINT",
    "sieve_notify_mailto_max_recipients": "UINT",
    "sieve_notify_max_notifications": "UINT",
}
"""Settings of Debian's 2.4.5 that the sources above lack; the types were asked of that ``doveconf`` by wrong values."""

BACKPORTED: Final[Table] = {
    "imap_compress_on_proxy": {"type": "BOOL", "default_literal": "FALSE"},
    "oauth2_audience": {"type": "BOOLLIST"},
}
"""Settings that Debian's 2.4.1 has from later versions; asked of that ``doveconf``."""

DIFFERENT_DEFAULTS: Final = (("2.4.1", "submission_max_mail_size"),)
"""Settings that stand in two structs with different defaults: doveconf shows whatever the file has."""

LDAP: Final[dict[str, Values]] = {
    "passdb_ldap": {"passdb_default_password_scheme": "CRYPT", "passdb_fields_import_all": "no"},
    "userdb_ldap": {"userdb_fields_import_all": "no"},
}
"""Built-in filters of a module that was not installed where the dumps were made: src/auth/db-ldap-settings.c."""

AUTH: Final = """
    auth_mechanisms auth_realms auth_default_domain auth_cache_size auth_cache_ttl auth_cache_negative_ttl
    auth_cache_verify_password_with_worker auth_username_chars auth_username_translation auth_username_format
    auth_master_user_separator auth_anonymous_username auth_krb5_keytab auth_gssapi_hostname auth_winbind_helper_path
    auth_proxy_self auth_failure_delay auth_internal_failure_delay auth_policy auth_policy_server_url
    auth_policy_server_api_header auth_policy_hash_mech auth_policy_hash_nonce auth_policy_reject_on_fail
    auth_policy_check_before_auth auth_policy_check_after_auth auth_policy_report_after_auth auth_policy_log_only
    auth_policy_hash_truncate auth_verbose auth_debug auth_debug_passwords auth_allow_weak_schemes
    auth_verbose_passwords auth_ssl_require_client_cert auth_ssl_username_from_cert auth_use_winbind passdb userdb
    base_dir verbose_proctitle first_valid_uid last_valid_uid first_valid_gid last_valid_gid
"""
"""Settings of the struct called ``auth``, which are refused inside local and remote blocks.

``auth_setting_defines`` in src/auth/auth-settings.c.
"""


def unquoted(value: str) -> str:
    """Return a value as printed by doveconf without its quotes."""
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if len(value) > 1 and value[0] == value[-1] == '"' else value


def plain_values(path: Path) -> dict[str, str]:
    """Return the ``key = value`` lines outside blocks."""
    found = re.finditer(r"^([A-Za-z0-9_+]+) = ?(.*)$", path.read_text("utf-8"), re.MULTILINE)
    return {match[1]: unquoted(match[2]) for match in found}


def literal(definition: dict[str, Any]) -> str:
    """Return a default written in C as doveconf would print it."""
    text = definition.get("default_literal") or ""
    if text in MACROS:
        return MACROS[text]
    if text in ("TRUE", "FALSE"):
        return "yes" if text == "TRUE" else "no"
    if definition["type"].startswith("TIME") and text.isdecimal() and text != "0":
        return f"{int(text) // (1000 if definition['type'] == 'TIME_MSECS' else 1)} secs"
    return "" if text == "ARRAY_INIT" else unquoted(text)


def choices(definition: dict[str, Any]) -> list[str]:
    """Return the values of an enum; config/all-settings.c is made of many files and mixes their structs up."""
    for _, file, text in definition.get("all", ()):
        if file != "config/all-settings.c" and ":" in (text or ""):
            return unquoted(str(text)).split(":")
    return list(definition["enum"])


def definitions(folder: Path, types: str, values: dict[str, str]) -> Table:
    """Return what is known of each setting of a version."""
    raw: Table = json.loads((folder / f"dovecot-types-{types}.json").read_text("utf-8"))
    if types == "2.4.1":
        raw |= BACKPORTED
    else:
        older: Table = json.loads((folder / "dovecot-types-2.4.1.json").read_text("utf-8"))
        pigeonhole = ("sieve", "imapsieve", "managesieve")
        removed = older | json.loads((folder / "dovecot-types-2.4.4.json").read_text("utf-8"))
        raw |= {name: removed[name] | {"removed": release} for name, release in RELEASES["removed"].items()}
        raw = {name: one for name, one in older.items() if name.startswith(pigeonhole)} | raw
        raw |= {name: {"type": kind} for name, kind in PIGEONHOLE_2_4_5.items()}
        raw["sieve_extlists_list"]["name_field"] = "sieve_extlists_list_name"
    table: Table = {}
    later = {} if types == "2.4.1" else RELEASES
    for extracted, found in sorted(raw.items()):
        name = extracted
        for macro, text in FTS_FILTER.items():
            name = name.replace(macro, text)
        one = found | CORRECTED.get(name, {})
        kind = one["type"]
        entry: dict[str, Any] = {"type": kind}
        if kind == "ENUM":
            entry["enum"] = ENUMS.get(name) or choices(one)
        if not kind.startswith("FILTER") and kind not in LISTS:
            default = values.get(name, entry["enum"][0] if kind == "ENUM" else literal(one))
            entry |= {"default": default} if default else {}
        facts = ("name_field", "required_setting", "alias", "removed")
        entry |= {key: str(one[key]).replace("<FTS_FILTER>", "fts") for key in facts if one.get(key)}
        entry |= {"hidden": True} if one.get("hidden") else {}
        entry |= {"auth": True} if name in AUTH.split() else {}
        entry |= {"defaults_differ": True} if (types, name) in DIFFERENT_DEFAULTS else {}
        entry |= {key: later[key][name] for key in ("since", "before") if name in later.get(key, ())}
        table[name] = entry
    return table


def full_name(table: Table, path: list[str], key: str) -> str:
    """Return the name that a key in a block of ``doveconf -d`` stands for."""
    if path:
        kind, _, name = path[-1].lstrip("@").partition("/")
        for prefix in ([f"{kind}_{name}_"] if name else []) + [f"{kind}_"]:
            if prefix + key in table:
                return prefix + key
    return key


def escaped(name: str) -> str:
    r"""Return a section's name as a part of a path.

    ``settings_section_escape`` in src/lib-settings/settings-parser.c.
    """
    for char, code in (("\\", "\\\\"), ("=", "\\e"), ("/", "\\s"), (" ", "\\_"), (",", "\\+")):
        name = name.replace(char, code)
    return name or "\\."


def elements(value: str) -> list[str]:
    """Return the elements of a boolean list that doveconf printed in one line."""
    return [unquoted(element) for element in re.findall(r'"(?:[^"\\]|\\.)*"|\S+', value)]


class Dump:
    """The text of ``doveconf -d``: built-in values by the path of their filter."""

    def __init__(self, table: Table, values: dict[str, str]) -> None:
        """Keep all lists, and the values outside filters that differ from ``values``, those of the structs."""
        self.table = table
        self.values = values
        self.filters: dict[str, Values] = {"": {}}
        self.stack: list[str] = []
        self.in_list = ""

    @property
    def here(self) -> Values:
        """The values of the filter that is open."""
        return self.filters["/".join(self.stack)]

    def read(self, line: str) -> None:
        """Take in one line that is not a comment."""
        opening = re.fullmatch(r'(?:group )?(\S+)(?: ("[^"]*"|\S+))? \{', line)
        if opening:
            self.open(full_name(self.table, self.stack, opening[1]), opening[2])
        elif line != "}":
            self.assign(*(part.strip() for part in re.split(r" = | =$", line, maxsplit=1)))
        elif self.in_list:
            self.in_list = ""
        else:
            self.stack.pop()

    def open(self, name: str, section: str | None) -> None:
        """Begin a list or a filter."""
        if name in self.table and self.table[name]["type"] in LISTS:
            self.in_list = name
            self.here[name] = {}
            return
        self.stack.append(f"{name}/{escaped(unquoted(section))}" if section else name)
        self.filters["/".join(self.stack)] = {}

    def assign(self, key: str, value: str) -> None:
        """Take in a setting, or an element of the list that is open.

        A list that stands in one line replaces what less specific filters have; a block adds to it.
        """
        if self.in_list:
            self.here[self.in_list][unquoted(key)] = unquoted(value)
            return
        name = full_name(self.table, self.stack, key)
        if name not in self.table or name == "dovecot_storage_version":
            return
        if self.table[name]["type"] in LISTS:
            if value or self.stack:
                self.here[name] = elements(value)
        elif self.stack or unquoted(value) != self.values.get(name, unquoted(value)):
            self.here[name] = unquoted(value)


def default_filters(path: Path, table: Table, values: dict[str, str]) -> dict[str, Values]:
    """Return the built-in values by the path of their filter."""
    dump = Dump(table, values)
    for line in path.read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            dump.read(line.strip())
    return dump.filters


def history(folder: Path, table: Table) -> list[list[str]]:
    """Return filter path, setting, old value and version of each changed default, the newest first."""
    found = []
    for line in (folder / "settings-history-core.txt").read_text("utf-8").splitlines():
        kind, path, old, version, *_ = [*line.split("\t"), "", "", ""]
        if kind == "default" and version != "-":
            *stack, key = path.split("/")
            owner = stack[-2:] if len(stack) > 1 else stack
            found.append(["/".join(stack), full_name(table, ["/".join(owner)], key), old, version])
    return found


def one_line_each(made: dict[str, Any]) -> str:
    """Return JSON with one line for each setting and filter, so that changes can be read."""
    parts = []
    for key, found in made.items():
        rows = (
            [f"{json.dumps(name)}: {json.dumps(row)}" for name, row in found.items()] if isinstance(found, dict) else []
        )
        parts.append(f"{json.dumps(key)}: " + ("{\n" + ",\n".join(rows) + "\n}" if rows else json.dumps(found)))
    return "{" + ",\n".join(parts) + "}\n"


def main() -> None:
    """Write one file for each version that Debian's dumps are of."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the folder with the tables and dumps named above")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent.parent / "auditor" / "data")
    options = parser.parse_args()
    structs = json.loads(STRUCTS.read_text("utf-8"))
    for version, (types, suite) in VERSIONS.items():
        values = plain_values(options.folder / f"doveconf-s-{suite}.txt") | {"dovecot_storage_version": ""}
        table = definitions(options.folder, types, values)
        tree = LDAP | default_filters(options.folder / f"doveconf-d-{suite}.txt", table, values)
        tree[""] |= LIMITS
        made = {
            "sources": ["tools/make_dovecot24_settings.py names them"],
            "version": version,
            "settings": table,
            "defaults": {path: found for path, found in tree.items() if not path.startswith("@")},
            "groups": {path: found for path, found in tree.items() if path.startswith("@")},
            "history": history(options.folder, table),
            "built_in_since": {
                release: entries for release, entries in RELEASES["built_in_since"].items() if release <= version
            },
            "structs": structs[version],
        }
        (options.output / f"dovecot-{version}.json").write_text(one_line_each(made), "utf-8")
        print(f"dovecot-{version}.json: {len(table)} settings, {len(tree)} built-in filters")


if __name__ == "__main__":
    main()
