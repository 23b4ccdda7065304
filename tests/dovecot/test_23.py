"""What 2.2 and 2.3 configurations mean, through the contract of ``auditor.dovecot.configuration``.

That values equal doveconf's is tested in tests/oracle/test_dovecot23.py; here is what doveconf does not print.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from auditor.dovecot.configuration import GLOBAL, Configuration, Scope
from auditor.dovecot.read import read_dovecot
from auditor.finding import ProblemKind
from auditor.host import Host, Mount, Unreadable

if TYPE_CHECKING:
    from pathlib import Path


def read(root: Path, text: str, version: str | None = "2.3.19", **files: str) -> Configuration:
    folder = root / "etc/dovecot"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {"dovecot": text, **files}.items():
        (folder / f"{name}.conf").write_text(content, "utf-8", "surrogateescape")
    configuration = read_dovecot(
        Host((Mount("/", str(root)),)), "/etc/dovecot/dovecot.conf", version, "dpkg" if version else ""
    )
    assert not isinstance(configuration, Unreadable)
    return configuration


def value(configuration: Configuration, name: str, scope: Scope = GLOBAL) -> str:
    setting = configuration.get(name, scope)
    assert setting is not None
    return setting.value


def messages(configuration: Configuration) -> list[str]:
    return [problem.message for problem in configuration.problems]


def test_setting_with_origin(tmp_path: Path) -> None:
    configuration = read(tmp_path, "\n!include a.conf\n", a="# c\n  ssl = required # d\n")
    setting = configuration.get("ssl")
    assert setting is not None
    assert setting.value == "required"
    assert setting.origin.span is not None
    assert (setting.origin.span.file.name, setting.origin.span.line, setting.origin.span.text) == (
        "/etc/dovecot/a.conf",
        2,
        "ssl = required",
    )
    assert [span.text for span in setting.origin.via] == ["!include a.conf"]
    assert [file.name for file in configuration.files] == ["/etc/dovecot/dovecot.conf", "/etc/dovecot/a.conf"]


def test_default_names_its_version(tmp_path: Path) -> None:
    setting = read(tmp_path, "").get("auth_mechanisms")
    assert setting is not None
    assert (setting.value, setting.origin.default_of, setting.origin.span) == ("plain", "2.3.19", None)


def test_unknown_setting_is_none(tmp_path: Path) -> None:
    assert read(tmp_path, "").get("passdb_driver") is None
    assert read(tmp_path, "").get("passdb") is None


def test_file_is_absolute_and_not_opened(tmp_path: Path) -> None:
    setting = read(tmp_path, "ssl_cert = <none.pem\n").get("ssl_cert")
    assert setting is not None
    assert (setting.value, setting.file) == ("</etc/dovecot/none.pem", "/etc/dovecot/none.pem")
    assert read(tmp_path, "ssl_cert = <none.pem\n").settings()["ssl_cert"].value == "<none.pem"


def test_passdbs_of_a_protocol_come_first(tmp_path: Path) -> None:
    text = "passdb {\n  driver = pam\n}\nprotocol imap {\n  passdb {\n    driver = static\n  }\n}\n"
    configuration = read(tmp_path, text)
    drivers = [one.get("driver") for one in configuration.sections("passdb", Scope("imap"))]
    assert [one.value for one in drivers if one] == ["static", "pam"]
    assert [one.conditions.protocol for one in configuration.sections("passdb", Scope("imap"))] == ["imap", ""]
    assert len(configuration.sections("passdb")) == 1
    assert configuration.scopes() == [Scope("imap")]


def test_return_is_the_default_in_what_the_daemon_copies(tmp_path: Path) -> None:
    """As ``doveconf -N -f protocol=...`` of 2.3.19.1 says it to auth: the global passdb's is not printed for IMAP."""
    passdb = "passdb {\n  driver = pam\n  result_success = return\n}\n"
    configuration = read(tmp_path, f"{passdb}protocol imap {{\n{passdb}}}\n")

    def rules(protocol: str) -> list[tuple[str, str]]:
        found = (one.get("result_success") for one in configuration.sections("passdb", Scope(protocol)))
        return [(one.value, str(one.origin).rpartition(":")[2]) for one in found if one]

    assert rules("imap") == [("return", "8"), ("return-ok", "3")]
    assert rules("pop3") == [("return", "3")]


def test_section_spans_its_block(tmp_path: Path) -> None:
    text = "passdb {\n  driver = pam\n  args = x\n} # end\nuserdb {\n!include a.conf\n"
    configuration = read(tmp_path, text, a="driver = passwd\n}\n")
    (passdb,) = configuration.sections("passdb")
    assert passdb.span.text == "passdb {\n  driver = pam\n  args = x\n}"
    assert passdb.label == "passdb#0"
    (userdb,) = configuration.sections("userdb")
    assert userdb.span.text == "userdb {"
    driver = userdb.get("driver")
    assert driver is not None
    assert (driver.name, driver.value) == ("userdb#0/driver", "passwd")
    assert configuration.problems == []


def test_built_in_services_and_their_listeners(tmp_path: Path) -> None:
    text = "default_internal_user = me\nservice auth {\n  unix_listener /var/spool/x {\n    user = postfix\n  }\n}\n"
    services = {one.name: one for one in read(tmp_path, text).sections("service")}
    auth = services["auth"]
    assert auth.label == "service auth"
    listeners = {one.name: one for one in auth.sections("unix_listener")}
    assert {"auth-userdb", "/var/spool/x"} <= set(listeners)
    mode, user = listeners["auth-userdb"].get("mode"), listeners["auth-userdb"].get("user")
    assert mode is not None
    assert user is not None
    assert (mode.value, mode.origin.default_of) == ("0666", "2.3.19")
    assert (user.value, user.origin.span is not None) == ("me", True)
    assert listeners["/var/spool/x"].origin.span is not None
    assert services["imap-login"].origin.default_of == "2.3.19"
    assert [one.name for one in services["imap-login"].sections("inet_listener")] == ["imap", "imaps"]


def test_plugin_is_a_list(tmp_path: Path) -> None:
    configuration = read(tmp_path, "plugin {\n  a = 1\n  b = 2\n}\nprotocol imap {\n  plugin {\n    a = 3\n  }\n}\n")
    assert {one.name: one.value for one in configuration.items("plugin")} == {"a": "1", "b": "2"}
    assert {one.name: one.value for one in configuration.items("plugin", Scope("imap"))} == {"a": "3", "b": "2"}
    assert configuration.items("dict") == []


def test_references_are_expanded_for_the_daemon(tmp_path: Path) -> None:
    configuration = read(tmp_path, "mail_home = /h\nmail_location = maildir:x $mail_home\nlogin_greeting = $ENV:X y\n")
    assert value(configuration, "mail_location") == "maildir:x /h"
    assert configuration.settings()["mail_location"].value == "maildir:x $mail_home"
    greeting = configuration.get("login_greeting")
    assert greeting is not None
    assert not greeting.literal


def test_references_before_2_3_14_stand_at_the_beginning(tmp_path: Path) -> None:
    configuration = read(
        tmp_path, "mail_plugins = a\nlogin_greeting = x $mail_plugins\nmail_home = $mail_plugins  b\n", "2.3.13"
    )
    assert value(configuration, "login_greeting") == "x $mail_plugins"
    assert value(configuration, "mail_home") == "a  b"
    assert messages(read(tmp_path, "login_greeting = $ENV:X\n", "2.3.13")) == ["Unknown variable: $ENV:X"]


def test_versions_have_their_own_settings(tmp_path: Path) -> None:
    assert value(read(tmp_path, "", "2.3.13"), "ssl_min_protocol") == "TLSv1"
    assert value(read(tmp_path, "", "2.3.21.1"), "ssl_min_protocol") == "TLSv1.2"
    old = read(tmp_path, "ssl_protocols = !SSLv2\nauth_cache_ttl = 60\n", "2.2.36.4")
    assert value(old, "ssl_protocols") == "!SSLv2"
    assert value(old, "auth_cache_ttl") == "1 mins"
    assert old.get("ssl_min_protocol") is None
    assert old.problems == []
    assert messages(read(tmp_path, "ssl_dh = </x\n", "2.2.36")) == ["Unknown setting: ssl_dh"]
    assert messages(read(tmp_path, "auth_cache_ttl = 60\n"))[0].startswith("Time interval '60' is missing units")


def test_version_of_the_file(tmp_path: Path) -> None:
    header = "# 2.3.13 (89f716dc2): /etc/dovecot/dovecot.conf\n"
    assert (read(tmp_path, header, None).version, read(tmp_path, header, None).version_from) == (
        "2.3.13",
        "file header",
    )
    assert read(tmp_path, "", None).version_from == "assumed"
    modern = read(tmp_path, "# c\ndovecot_config_version = 2.4.1\ndovecot_storage_version = 2.4.1\n", None)
    assert (modern.dialect, modern.version, modern.version_from) == ("2.4", "2.4.1", "dovecot_config_version")
    assert read(tmp_path, "dovecot_config_version = 2.4.1\n").dialect == "2.3"


def test_upstream_and_debian_differ(tmp_path: Path) -> None:
    assert value(read(tmp_path, "", None), "protocols") == "imap pop3 lmtp"
    assert value(read(tmp_path, ""), "protocols") == ""


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("ssl_certt = x\n", "did you mean ssl_cert?"),
        ("passdb {\n  drivr = pam\n", "did you mean driver?"),
        ("override_fields = nopassword\n", "override_fields belongs into a passdb section"),
        (
            "passdb {\n  mail_location = x\n",
            "mail_location is a global setting: is the } of the section above missing?",
        ),
        ("passdb { driver = pam }\n", "write each setting on a line of its own, and the closing } on another"),
        ("passdb{\n}\n", "put a blank before the {"),
        ("login_greeting\n", "a setting needs a = between name and value"),
        ("dovecot_config_version = 2.4.0\n", "this is a configuration for Dovecot 2.4, read as 2.3.19 would"),
    ],
)
def test_advice(tmp_path: Path, text: str, advice: str) -> None:
    assert read(tmp_path, text).problems[0].advice == advice


def test_reading_goes_on_after_what_is_refused(tmp_path: Path) -> None:
    text = (
        "foo = bar\npassdb{\n  driver = pam\n}\nuserdb\n{\n  driver = passwd\n}\nunknown {\n  a = b\n  c {\n  }\n}\n"
        "mail_debug = true\nssl = required\n"
    )
    configuration = read(tmp_path, text)
    assert messages(configuration) == [
        "Unknown setting: foo",
        "Expecting '{'",
        "Expecting '{'",
        "Unknown setting: unknown { unknown",
        "Invalid boolean value: true (use yes or no)",
    ]
    assert [problem.kind for problem in configuration.problems][-1] is ProblemKind.INVALID_VALUE
    assert [len(configuration.sections(kind)) for kind in ("passdb", "userdb")] == [1, 1]
    assert value(configuration, "ssl") == "required"


def test_missing_brace_is_told_where_the_section_opened(tmp_path: Path) -> None:
    configuration = read(tmp_path, "mail_debug = yes\nprotocol imap {\n  mail_plugins = quota\n")
    (problem,) = configuration.problems
    assert problem.message == "Missing '}' (section started at /etc/dovecot/dovecot.conf:2)"
    assert problem.span.text == "protocol imap {"


def test_conflict_of_filters_is_told_at_the_setting(tmp_path: Path) -> None:
    text = "protocol imap {\n  mail_plugins = a\n}\nlocal 10.0.0.1 {\n  mail_plugins = b\n  protocol imap {\n  }\n}\n"
    (problem,) = read(tmp_path, text).problems
    assert problem.message == "Conflict in setting mail_plugins found from filter at /etc/dovecot/dovecot.conf:1"
    assert problem.span.text == "mail_plugins = a"


def test_host_names_in_filters_are_not_checked(tmp_path: Path) -> None:
    configuration = read(tmp_path, "local mail.example.org {\n  ssl_cert = </x\n}\n")
    assert configuration.problems == []
    assert [one.why for one in configuration.not_checked] == ["Dovecot asks DNS for this name when it starts"]


SECRETS = """doveadm_password = geheim1
auth_policy_hash_nonce = "geheim2"
passdb {
  driver = sql
  args = host=x password=geheim3 user=y pass = geheim4
}
plugin {
  crypt_private_key = geheim5
  url = https://me:geheim6@host/
}
imapc_password = $mail_home geheim7
ssl_key_password = geheim8 \\
  geheim9
"""


def test_secrets_are_hidden(tmp_path: Path) -> None:
    configuration = read(tmp_path, SECRETS)
    shown = "\n".join(setting.value for setting in configuration.settings().values())
    lines = "\n".join(configuration.main_file.shown_line(number) for number in range(1, 15))
    assert "geheim" not in shown
    assert "geheim" not in lines
    password = configuration.get("doveadm_password")
    assert password is not None
    assert password.secret
    assert configuration.settings()["doveadm_password"].value == "# hidden, use -P to show it"


@pytest.mark.parametrize(
    "text",
    [
        "passdb {\n" * 5_000,
        "protocol imap {\n" * 5_000,
        "local 10.0.0.0/8 {\n" * 5_000 + "mail_plugins = $mail_plugins x\n" * 1_000,
        "".join(f"local_name h{n}.example.org {{\n  ssl_cert = </c{n}\n}}\n" for n in range(10_000)),
        "".join(f"local 10.{n >> 8}.{n & 255}.0/24 {{\n  ssl_cert = </c{n}\n}}\n" for n in range(3_000)),
        "".join(f"namespace n{n} {{\n  prefix = n{n}/\n}}\n" for n in range(10_000)),
        "passdb {\n  driver = pam\n}\n" * 10_000,
        "mail_plugins = $mail_plugins $mail_plugins\n" * 100,
        "a/" * 100_000 + "b = c\n",
        "service/" * 100_000 + " {\n",
        "".join(f"setting_{n} = x\n" for n in range(2_000)),
        "plugin {\n" + "".join(f"k{n} = v\n" for n in range(50_000)) + "}\n",
        "auth a {\n" * 5_000 + "}\n" * 5_000,
        "protocols = " + "imap " * 50_000 + "\n",
    ],
    ids=[
        *("sections", "protocols", "nested", "names", "nets", "namespaces", "passdbs", "doubling", "path", "deep"),
        *("unknown", "plugin", "auth", "words"),
    ],
)
def test_large_texts(tmp_path: Path, text: str) -> None:
    started = time.process_time()
    configuration = read(tmp_path, text)
    configuration.settings()
    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    "text", ["\0", "\udcff = \udcfe\n", "}\n" * 100, "= =\n", '"', "passdb \x1b[31m {\n", "a" * 1_000_000]
)
def test_broken_texts(tmp_path: Path, text: str) -> None:
    configuration = read(tmp_path, text)
    configuration.settings(defaults=True)
    assert all("\x1b" not in message for message in messages(configuration))


def test_main_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert isinstance(read_dovecot(Host((Mount("/", str(tmp_path)),)), "/etc/dovecot/dovecot.conf"), Unreadable)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("namespace a {\n prefix = a\udcc3(\n}\n", "Namespace prefix not valid UTF8: a\\xc3("),
        ("namespace a {\n mailbox \udc80 {\n }\n}\n", "mailbox \\x80: name isn't valid UTF-8"),
    ],
)
def test_names_must_be_utf8(tmp_path: Path, text: str, message: str) -> None:
    """As doveconf 2.3.19.1 says."""
    assert messages(read(tmp_path, text)) == [message]


def test_metric_that_the_daemon_divides_by_zero_for(tmp_path: Path) -> None:
    """doveconf 2.3.19.1 ends with SIGFPE."""
    text = "metric a {\n filter = event=x\n group_by = a:linear:1:10:0\n}\n"
    assert messages(read(tmp_path, text)) == ["group_by 'linear' aggregate function step must not be 0"]


@pytest.mark.parametrize(
    ("version", "line", "advice"),
    [
        ("2.3.19", "director_doveadm_port = 1", "director_doveadm_port is gone since Dovecot 2.3.0"),
        ("2.2.36", "ssl_min_protocol = TLSv1.2", "ssl_min_protocol came with Dovecot 2.3.0; this is read as 2.2.36"),
        ("2.2.36.4", "auth_policy_check_after_auth = no", None),
        ("2.3.0", "auth_policy_check_after_auth = no", "came with Dovecot 2.3.1"),
        ("2.3.1", "auth_policy_check_after_auth = no", None),
        ("2.3.10", "mail_cache_compress_min_size = 1M", None),
        ("2.3.12", "mail_cache_compress_min_size = 1M", None),
        ("2.3.4", "lmtp_add_received_header = no", "came with Dovecot 2.3.9"),
        ("2.3.21", "lmtp_add_received_header = no", None),
        ("2.2.30", "ssl_alt_cert = </x", "came with Dovecot 2.2.31"),
        ("2.2.31", "ssl_alt_cert = </x", None),
        ("2.2.36", "ssl_dh_parameters_length = 2048", None),
        ("2.2.36", "ssl_dh = </x", "came with Dovecot 2.3.0"),
        ("2.3.0", "ssl_dh = </x", None),
    ],
)
def test_names_by_version(tmp_path: Path, version: str, line: str, advice: str | None) -> None:
    """As the sources of these releases have them (tools/make_dovecot_names.py).

    claim: wiki 24-25, claim: wiki 45-46
    """
    problems = read(tmp_path, f"{line}\n", version).problems
    assert len(problems) == (advice is not None)
    if advice:
        assert problems[0].kind is ProblemKind.UNKNOWN_SETTING
        assert advice in problems[0].advice
