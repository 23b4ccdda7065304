"""What an upgrade changes, said with the edit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from auditor.dovecot.read import read_upgraded
from auditor.host import Host, Mount, Reason, Unreadable
from auditor.model import build_model
from auditor.model.upgrade_dovecot import dovecot_upgrade

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.model.upgrade import Break, Upgrade


def upgraded(folder: Path, text: str, version: str = "2.4.1", installed: str | None = None) -> Upgrade:
    (folder / "dovecot.conf").write_text(text)
    host = Host((Mount("/etc/dovecot", str(folder)),))
    dpkg = (installed, "dpkg") if installed else None
    configuration = read_upgraded(host, "/etc/dovecot/dovecot.conf", version, dpkg)
    assert not isinstance(configuration, Unreadable)
    return dovecot_upgrade(configuration, host)


def at(upgrade: Upgrade, line: int) -> Break:
    (found,) = [one for one in upgrade.breaks if one.at.line == line and "without dovecot_" not in one.message]  # type: ignore[union-attr]  # places are spans here
    return found


@pytest.mark.parametrize(
    ("old", "advice"),
    [
        ("ssl_cert = </etc/a.pem", "write `ssl_server_cert_file = /etc/a.pem`"),
        ("disable_plaintext_auth = yes", "write `auth_allow_cleartext = no`; the meaning is the other way round"),
        ("ssl_prefer_server_ciphers = no", "write `ssl_server_prefer_ciphers = client`"),
        ("verbose_ssl = no", "remove the line: this is how 2.4 does it without"),
        ("ssl_key_password = tops3cret", "write `ssl_server_key_password = …`"),
        ("auth_worker_max_count = 30", "write `process_limit = 30` inside a `service auth-worker` block"),
        (
            "mail_location = maildir:/v/%d/%n:INDEX=/i/%u:LAYOUT=fs:FULLDIRNAME=x",
            "write `mail_driver = maildir`, `mail_path = /v/%{user | domain}/%{user | username}`, "
            "`mail_index_path = /i/%{user}`, `mailbox_list_layout = fs`, `mailbox_directory_name = x` and "
            "`mailbox_directory_name_legacy = no`",
        ),
        ("mail_location = /var/a::b", "write `mail_path = /var/a:b`"),
        ("director_servers = 10.0.0.1", "the director is gone from 2.4; remove it"),
        ("mail_home = /v/%Lu", "write `mail_home = /v/%{user | lower}`"),
        (
            "mail_plugins = $mail_plugins quota",
            "write a block `mail_plugins {` with `quota = yes`: it adds to what is set",
        ),
        ("mail_plugins = zlib", "zlib: use mail_compress with mail_compress_write_method"),
        ("default_login_user = $default_internal_user", "write `default_login_user = $SET:default_internal_user`"),
    ],
)
def test_a_global_setting(old: str, advice: str, tmp_path: Path) -> None:
    assert at(upgraded(tmp_path, f"protocols = imap\n{old}\n"), 2).advice == advice


@pytest.mark.parametrize(
    ("kind", "driver", "old", "advice"),
    [
        (
            "passdb",
            "passwd-file",
            "args = scheme=MD5-CRYPT username_format=%n /etc/u",
            "write `default_password_scheme = MD5-CRYPT`, `auth_username_format = %{user | username}` and "
            "`passwd_file_path = /etc/u` inside this passdb block; 2.4 refuses passwords of the weak scheme MD5-CRYPT "
            "unless auth_allow_weak_schemes = yes",
        ),
        (
            "passdb",
            "pam",
            "args = -session max_requests=5 dovecot",
            "write `session = yes`, `max_requests = 5` and `service_name = dovecot` inside this passdb block",
        ),
        (
            "passdb",
            "static",
            "args = password=tops3cret proxy=y pass=tops3cret",
            "write `password = …` and `password = …` inside this passdb block and `proxy = y` inside `fields { }` of "
            "this passdb block",
        ),
        (
            "userdb",
            "static",
            "args = uid=vmail home=/v/%u",
            "write `uid = vmail` and `home = /v/%{user}` inside `fields { }` of this userdb block",
        ),
        ("userdb", "passwd", "default_fields = home=/v/%u", "write `home:default = /v/%{user}` inside `fields { }` of "
         "this userdb block"),
        (
            "passdb",
            "pam",
            "override_fields = nopassword",
            "remove the line; leave nopassword out: in `fields { }` it lets every password in",
        ),
        ("passdb", "pam", "mechanisms = plain", "write `mechanisms_filter = plain`"),
        ("passdb", "pam", "pass = yes", "write `result_success = continue`; `pass = no` has nothing to replace it: "
         "remove the line"),
    ],
)  # fmt: skip
def test_a_line_of_a_database(kind: str, driver: str, old: str, advice: str, tmp_path: Path) -> None:
    upgrade = upgraded(tmp_path, f"protocols = imap\n{kind} {{\n  driver = {driver}\n  {old}\n}}\n")
    assert at(upgrade, 4).advice == advice
    assert at(upgrade, 2).advice == f"write `{kind} {driver} {{`"


def test_databases_of_one_driver_get_names_of_their_own(tmp_path: Path) -> None:
    block = "passdb {\n  driver = pam\n}\n"
    upgrade = upgraded(tmp_path, "protocols = imap\n" + block * 2)
    assert at(upgrade, 5).advice == "write `passdb pam2 {`; the driver line stays, as the name is not the driver's"


@pytest.mark.parametrize(
    ("old", "advice"),
    [
        (
            "quota_rule2 = Trash:storage=+10%%",
            'write `quota_storage_percentage = 110` inside a `mailbox "Trash"` block of the namespace',
        ),
        ("quota_rule = *:storage=1G:messages=9", "write `quota_storage_size = 1G` and `quota_message_count = 9`"),
        ("quota = dict:User quota::proxy::quota", 'write `driver = count` inside a `quota "User quota"` block: the '
         "dict driver is gone"),
        ("sieve = ~/.dovecot.sieve", "write `active_path = ~/.dovecot.sieve` inside a `sieve_script personal` block"),
        ("sieve_before2 = /x", "write `type = before` and `path = /x` inside a `sieve_script NAME` block; NAME is any; "
         "without the `file:` before a path"),
        ("acl_anyone = allow", "write `imap_acl_allow_anyone = yes`"),
    ],
)  # fmt: skip
def test_a_setting_of_a_plugin(old: str, advice: str, tmp_path: Path) -> None:
    upgrade = upgraded(tmp_path, f"protocols = imap\nplugin {{\n  {old}\n  sieve_extensions = +x\n}}\n")
    assert at(upgrade, 3).advice == advice
    assert at(upgrade, 2).advice == "take the settings out of the block (sieve_extensions): they are global in 2.4"


def test_an_external_file_is_named_setting_by_setting(tmp_path: Path) -> None:
    (tmp_path / "sql.ext").write_text("connect = host=h password=tops3cret\npassword_query = SELECT 1\nodd = x\n")
    upgrade = upgraded(tmp_path, "protocols = imap\npassdb {\n  driver = sql\n  args = /etc/dovecot/sql.ext\n}\n")
    advice = at(upgrade, 4).advice
    assert "password_query is passdb_sql_query; nothing is known to replace odd" in advice
    assert "tops3cret" not in advice


def test_an_external_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    upgrade = upgraded(tmp_path, "protocols = imap\npassdb {\n  driver = ldap\n  args = /etc/dovecot/l.ext\n}\n")
    assert [one.why for one in upgrade.not_checked] == [Reason.MISSING.why]


def test_of_two_filters_the_later_wins(tmp_path: Path) -> None:
    text = (
        "protocols = imap\nlocal_name a.example {\n  ssl_cert = </etc/a.pem\n}\n"
        "local 10.0.0.0/8 {\n  ssl_cert = </etc/b.pem\n}\n"
    )
    found = [one for one in upgraded(tmp_path, text).breaks if "another filter" in one.message]
    assert [(one.at.span.line, one.because[0][0].span.line) for one in found] == [(3, 6)]  # type: ignore[union-attr]  # origins with a span
    assert "local 10.0.0.0/8, local_name a.example" in found[0].message


def test_the_narrower_filter_behind_the_wider_one_goes_on_to_win(tmp_path: Path) -> None:
    text = (
        "protocols = imap\nlocal 10.0.0.0/8 {\n  login_greeting = b\n}\nlocal 10.1.0.0/16 {\n  login_greeting = a\n}\n"
    )
    assert not [one for one in upgraded(tmp_path, text).breaks if "another filter" in one.message]


def test_many_filters_are_not_all_compared_and_that_is_said(tmp_path: Path) -> None:
    blocks = "".join(f"local_name h{n} {{\n  ssl_cert = </etc/{n}\n}}\n" for n in range(1100))
    upgrade = upgraded(tmp_path, "protocols = imap\n" + blocks)
    assert [one.why for one in upgrade.not_checked] == ["more than 1000 to compare"]


def test_what_a_removed_line_causes_is_no_finding_of_its_own(tmp_path: Path) -> None:
    text = "protocols = imap\ndict {\n  a = file:/x\n}\n"
    assert sorted(one.at.line for one in upgraded(tmp_path, text).breaks) == [1, 1, 2, 3]  # type: ignore[union-attr]  # spans


def test_what_both_versions_refuse_is_no_part_of_the_upgrade_but_the_header_is(tmp_path: Path) -> None:
    upgrade = upgraded(tmp_path, "default_client_limit = many\nprotocols = imap\n")
    assert sorted(one.setting for one in upgrade.breaks) == ["dovecot_config_version", "dovecot_storage_version"]
    assert [problem.span.line for problem in upgrade.problems] == [1]


def test_protocols_that_packages_name_are_no_changed_default(tmp_path: Path) -> None:
    includes = "!include_try /usr/share/dovecot/protocols.d/*.protocol\n"
    messages = [one.message for one in upgraded(tmp_path, f"{includes}mail_debug = yes\n").breaks]
    assert not any("another default for protocols" in message for message in messages)


def test_within_a_dialect_only_the_packages_tell_an_older_version(tmp_path: Path) -> None:
    text = "protocols = imap\nauth_cache_ttl = 60\n"
    assert upgraded(tmp_path, text, "2.3.21").breaks == []
    (found,) = [one for one in upgraded(tmp_path, text, "2.3.21", "2.2.36").breaks if one.refused]
    assert found.at.line == 2  # type: ignore[union-attr]  # a span


def test_a_reference_that_is_looked_up_later(tmp_path: Path) -> None:
    text = (
        "dovecot_config_version = 2.4.1\ndovecot_storage_version = 2.4.1\nprotocols = imap\n"
        "mail_path = $SET:mail_home x\nmail_home = /h\n"
    )
    (found,) = [one for one in upgraded(tmp_path, text, "2.4.5", "2.4.1").breaks if "mail_path" in one.setting]
    assert "`/h x` instead of" in found.message


def test_rules_judge_what_is_in_force(tmp_path: Path) -> None:
    (tmp_path / "dovecot.conf").write_text("protocols = imap\nssl_ca = </etc/ca.pem\n")
    host = Host((Mount("/etc/dovecot", str(tmp_path)),))
    configuration = read_upgraded(host, "/etc/dovecot/dovecot.conf", "2.4.1", None)
    assert not isinstance(configuration, Unreadable)
    model = build_model(host, [configuration], [], datetime(2026, 11, 22, tzinfo=UTC))
    assert (configuration.version, model.dovecot[0].dialect) == ("2.4.1", "2.3")
