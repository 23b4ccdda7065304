"""The table of what 2.2's and 2.3's names are in 2.4 fits both versions, and values are converted by it."""

from __future__ import annotations

import pytest

from auditor.dovecot.upgrade_table import Entry, upgrade_table
from auditor.dovecot.v23_percent import converted
from auditor.dovecot.v23_table import table_for
from auditor.dovecot.v24_advice import Adviser
from auditor.dovecot.v24_schema import schema_of

NEW = schema_of("2.4.1")
TABLE = upgrade_table()


def entries() -> list[Entry]:
    sections = (*TABLE.settings.values(), *TABLE.prefixes.values())
    return [entry for section in sections for entry in section.values()]


@pytest.mark.parametrize("version", ["2.2.36", "2.3.13", "2.3.19", "2.3.21"])
def test_every_name_that_2_4_lacks_is_in_it(version: str) -> None:
    missing = []
    for section, names in table_for(version, debian=True).sections.items():
        kind = section.rpartition("/")[2]
        for name in names:
            known = name in NEW.settings or f"{kind}_{name}" in NEW.settings
            if not known and not TABLE.entry(kind, name) and not TABLE.entry("", name):
                missing.append(f"{section}/{name}")
    assert missing == []


def test_every_new_name_is_one_of_2_4() -> None:
    names = {name for entry in entries() for name in entry.new}
    names |= {text.partition(" ")[0] for text in TABLE.location.values()}
    names |= {default.name for default in TABLE.defaults}
    assert sorted(name for name in names if name not in NEW.settings) == []


def test_what_is_written_is_a_setting_of_its_block() -> None:
    wrong = []
    for entry in entries():
        for line in entry.write.splitlines():
            key = line.partition(" ")[0]
            if "{value}" not in key and not any(new == key or new.endswith(f"_{key}") for new in entry.new):
                wrong.append(line)
    assert wrong == []


def test_no_name_is_both_old_and_of_2_4_at_top_level() -> None:
    both = [name for name in TABLE.settings[""] if name in NEW.settings]
    assert both == ["ssl_options"]  # the name stays, a value goes


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/home/%d/%n", "/home/%{user | domain}/%{user | username}"),
        ("%Lu", "%{user | lower}"),
        ("%{rip}", "%{remote_ip}"),
        ("%1Mu/%2.1Mu/%u", "%{user | md5 | hexlify(1)}/%{user | md5 | hexlify | substr(2, 1)}/%{user}"),
        ("%2.256Nu", "%{user | md5 | substr(0, 8) % 256 | hex(2)}"),
        ("%1n", "%{user | username | substr(0, 1)}"),
        ("%{user} %{session} 100$", "%{user} %{session} 100$"),
        ("95%%", "95%"),
        ("%Hu", "%Hu"),
    ],
)
def test_variables_are_converted(old: str, new: str) -> None:
    assert converted(old).text == new


def test_some_settings_have_letters_of_their_own() -> None:
    assert converted("%08Xu%08Xv", "pop3_uidl_format").text == NEW.settings["pop3_uidl_format"].default
    assert converted("msgid=%m: %$", "deliver_log_format").text == NEW.settings["deliver_log_format"].default
    assert converted("%$: %s", "login_log_format").text == NEW.settings["login_log_format"].default
    assert converted("in=%i out=%o", "submission_logout_format").text == "in=%{input} out=%{output}"
    assert converted("%s", "auth_x").text == "%{protocol}"
    assert converted("%s").text == "%{service}"


def test_the_owner_of_a_shared_namespace() -> None:
    assert converted("shared/%%u/", owner="owner_prefix").text == "shared/$user/"
    assert converted("maildir:%%h/M:INDEX=~/x/%%u", owner="owner").text == (
        "maildir:%{owner_home}/M:INDEX=~/x/%{owner_user}"
    )


def test_what_is_not_known_is_said() -> None:
    found = converted("/x/%Hu/%u/%z")
    assert (found.old, found.unknown) == (("%u",), ("%Hu", "%z"))


@pytest.mark.parametrize(
    ("section", "new", "old"),
    [
        ("", "ssl_server_cert_file", "ssl_cert"),
        ("", "auth_allow_cleartext", "disable_plaintext_auth"),
        ("passdb", "mechanisms_filter", "mechanisms"),
        ("service", "restart_request_count", "service_count"),
        ("", "dict_server", ""),
        ("", "mail_path", ""),
    ],
)
def test_a_new_name_in_old_files_has_its_old_one(section: str, new: str, old: str) -> None:
    assert TABLE.old_name(section, new) == old


@pytest.mark.parametrize(
    ("key", "section", "words"),
    [
        ("mail_attachment_dir", "", "Dovecot 2.4 has mail_ext_attachment_path instead of mail_attachment_dir."),
        ("imap_id_log", "", "Dovecot 2.4 has no imap_id_log: the event imap_id_received tells it; remove the line."),
        ("quota_grace", "", "Dovecot 2.4 has quota_storage_grace instead of quota_grace."),
        ("transport", "event_exporter", "Dovecot 2.4 has event_exporter_driver instead of transport."),
        ("nothing_like_it", "", ""),
    ],
)
def test_an_old_name_in_files_of_2_4_is_explained(key: str, section: str, words: str) -> None:
    assert Adviser(NEW).advice(key, section) == words
