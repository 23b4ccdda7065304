"""What Dovecot 2.4's files mean; what doveconf itself can be asked is in tests/oracle/test_dovecot24.py."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.dovecot.configuration import GLOBAL, Configuration, Scope
from auditor.dovecot.v24 import interpret
from auditor.finding import ProblemKind
from auditor.host import Host, Mount, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER = "dovecot_config_version = {0}\ndovecot_storage_version = {0}\n"
IMAP = Scope(protocol="imap")


def interpreted(folder: Path, text: str, version: str = "2.4.5", **files: str) -> Configuration:
    (folder / "dovecot.conf").write_bytes(text.encode("utf-8", "surrogateescape"))
    for name, content in files.items():
        (folder / name).write_text(content, "utf-8")
    host = Host((Mount("/etc/dovecot", str(folder)),))
    main = host.read_text("/etc/dovecot/dovecot.conf")
    assert not isinstance(main, Unreadable)
    return interpret(host, main, version, "option")


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Configuration]:
    def reader(body: str, version: str = "2.4.5", config_version: str = "", **files: str) -> Configuration:
        return interpreted(tmp_path, HEADER.format(config_version or version) + body, version, **files)

    return reader


def value(configuration: Configuration, name: str, scope: Scope = GLOBAL) -> str:
    setting = configuration.get(name, scope)
    assert setting is not None
    return setting.value


# Which filter wins. T1 to T7 were asked of doveadm 2.4.1 and 2.4.5 as a settings client (doveadm mailbox path).


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("protocol doveadm {\n mail_path = /p\n}\n", "/p"),
        (
            "protocol doveadm {\n namespace inbox {\n mail_path = /p\n }\n}\nnamespace inbox {\n mail_path = /n\n}\n",
            "/n",
        ),
        (
            "namespace inbox {\n mail_path = /n\n}\nprotocol doveadm {\n namespace inbox {\n mail_path = /p\n }\n}\n",
            "/p",
        ),
        ("namespace inbox {\n mail_path = /n\n}\nprotocol doveadm {\n mail_path = /p\n}\n", "/n"),
        ("protocol !imap {\n mail_path = /not\n}\nprotocol doveadm {\n mail_path = /p\n}\n", "/p"),
        ("protocol doveadm {\n mail_path = /p\n}\nprotocol !imap {\n mail_path = /not\n}\n", "/not"),
        ("protocol doveadm {\n mail_path = /p\n}\nmail_path = /g2\n", "/p"),
    ],
)
def test_the_filter_that_wins_at_run_time(read: Callable[..., Configuration], body: str, wanted: str) -> None:
    configuration = read(f"mail_path = /g\n{body}")
    scope = Scope(protocol="doveadm")
    inboxes = configuration.sections("namespace", scope)
    setting = inboxes[0].get("mail_path") if inboxes else configuration.get("mail_path", scope)
    assert setting
    assert setting.value == wanted


@pytest.mark.parametrize("outer_first", [False, True])
def test_names_of_a_protocol_come_after_the_global_ones(
    read: Callable[..., Configuration], *, outer_first: bool
) -> None:
    """Seen with doveadm 2.4.1 and 2.4.5 (doveadm -D mailbox list), for namespaces, in either order of the file."""
    outer, inner = "namespace z {\n}\n", "protocol imap {\n namespace a {\n }\n}\n"
    configuration = read(outer + inner if outer_first else inner + outer)
    assert [one.name for one in configuration.sections("namespace", IMAP)] == ["z", "a"]
    assert [one.name for one in configuration.sections("namespace")] == ["z"]


def test_the_later_of_two_matching_networks_wins(read: Callable[..., Configuration]) -> None:
    narrow, wide = "local 127.0.0.1 {\n mail_path = /n\n}\n", "local 127.0.0.0/24 {\n mail_path = /w\n}\n"
    scope = Scope(local="127.0.0.1")
    assert value(read(narrow + wide), "mail_path", scope) == "/w"
    assert value(read(wide + narrow), "mail_path", scope) == "/n"
    assert value(read(wide + narrow), "mail_path", Scope(local="127.0.0.2")) == "/w"
    assert value(read(wide + narrow), "mail_path") == ""


@pytest.mark.parametrize(
    ("name", "matches"),
    [("a.example.org", True), ("A.Example.Org", True), ("a.b.example.org", False), ("x.org", False)],
)
def test_local_name_with_a_wildcard(read: Callable[..., Configuration], name: str, *, matches: bool) -> None:
    configuration = read("local_name *.example.org {\n mail_path = /x\n}\n")
    assert (value(configuration, "mail_path", Scope(local_name=name)) == "/x") is matches


def test_a_nested_filter_needs_all_its_conditions(read: Callable[..., Configuration]) -> None:
    configuration = read("local 10.0.0.0/8 {\n protocol imap {\n  mail_path = /x\n }\n}\n")
    both = Scope(protocol="imap", local="10.1.2.3")
    assert value(configuration, "mail_path", both) == "/x"
    assert value(configuration, "mail_path", IMAP) == ""
    assert configuration.scopes() == [Scope(local="10.0.0.0/8"), Scope(protocol="imap", local="10.0.0.0/8")]


# Sections


def test_a_passdb_takes_global_settings_as_defaults(read: Callable[..., Configuration]) -> None:
    """A live server refuses PLAIN with this (proof1, SYNTAX-FACTS section 3)."""
    configuration = read("passdb_mechanisms_filter = external\npassdb ext {\n driver = passwd-file\n}\n")
    (passdb,) = configuration.sections("passdb")
    assert [one.name for one in passdb.items("passdb_mechanisms_filter")] == ["external"]


def test_a_passdb_of_the_same_name_is_the_same(read: Callable[..., Configuration]) -> None:
    configuration = read("passdb a {\n driver = pam\n}\npassdb b {\n}\npassdb a {\n deny = yes\n}\n")
    first, second = configuration.sections("passdb")
    assert (first.name, second.name) == ("a", "b")
    assert [one.get("passdb_driver").value for one in (first, second)] == ["pam", "b"]  # type: ignore[union-attr]
    assert first.get("passdb_deny").value == "yes"  # type: ignore[union-attr]
    assert (first.label, first.span.line, first.span.end_line) == ("passdb a", 3, 5)
    assert first.get("nosuch") is None


def test_what_is_built_in_for_a_driver_applies_to_its_passdbs(read: Callable[..., Configuration]) -> None:
    configuration = read("passdb a {\n driver = passwd-file\n}\npassdb static {\n}\npassdb sql {\n}\n")
    schemes = [one.get("passdb_default_password_scheme") for one in configuration.sections("passdb")]
    assert [one.value for one in schemes if one] == ["CRYPT", "PLAIN", "CRYPT"]


@pytest.mark.parametrize(("config_version", "scheme"), [("2.4.0", "PLAIN"), ("2.4.2", "PLAIN"), ("2.4.3", "CRYPT")])
def test_an_older_config_version_keeps_its_defaults(
    read: Callable[..., Configuration], config_version: str, scheme: str
) -> None:
    configuration = read("", "2.4.5", config_version)
    assert value(configuration, "passdb_default_password_scheme") == scheme
    setting = configuration.get("passdb_default_password_scheme")
    assert setting
    assert str(setting.origin) == f"default {config_version}"


def test_fields_and_lists(read: Callable[..., Configuration]) -> None:
    configuration = read("passdb a {\n fields {\n  nopassword = yes\n  user:default = x\n }\n}\n")
    (passdb,) = configuration.sections("passdb")
    assert [(one.name, one.value) for one in passdb.items("passdb_fields")] == [
        ("nopassword", "yes"),
        ("user:default", "x"),
    ]
    assert passdb.items("passdb_driver") == []


def test_a_block_adds_to_the_built_in_list_and_an_assignment_replaces_it(read: Callable[..., Configuration]) -> None:
    def mechanisms(body: str) -> list[str]:
        return [one.name for one in read(body).items("auth_mechanisms")]

    assert mechanisms("") == ["plain"]
    assert mechanisms("auth_mechanisms {\n external = yes\n}\n") == ["plain", "external"]
    assert mechanisms("auth_mechanisms {\n plain = no\n external = yes\n}\n") == ["external"]
    assert mechanisms("auth_mechanisms = external\n") == ["external"]


def test_lists_of_filters_are_put_together_until_one_replaces(read: Callable[..., Configuration]) -> None:
    body = "mail_plugins = quota\nprotocol imap {\n mail_plugins {\n  imap_quota = yes\n  quota = no\n }\n}\n"
    assert [one.name for one in read(body).items("mail_plugins", IMAP)] == ["imap_quota"]
    body = "mail_plugins = quota\nprotocol imap {\n mail_plugins = acl\n}\n"
    assert [one.name for one in read(body).items("mail_plugins", IMAP)] == ["acl"]


def test_built_in_services_are_there(read: Callable[..., Configuration]) -> None:
    configuration = read("service imap-login {\n inet_listener imap {\n  port = 0\n }\n}\n")
    service = next(one for one in configuration.sections("service") if one.name == "imap-login")
    ports = {one.name: one.get("inet_listener_port").value for one in service.sections("inet_listener")}  # type: ignore[union-attr]
    assert ports == {"imap": "0", "imaps": "993"}
    assert service.get("service_user").value == "dovenull"  # type: ignore[union-attr]
    auth = next(one for one in configuration.sections("service") if one.name == "auth")
    assert auth.origin.span is None


def test_a_global_service_setting_beats_what_is_built_in(read: Callable[..., Configuration]) -> None:
    """doveconf -x 2.4.5 refuses it for that reason: service(anvil): process_limit must be 1."""
    problems = read("service_process_limit = 7\n").problems
    assert [problem.message for problem in problems] == ["service(anvil): process_limit must be 1"]


def test_groups_come_after_the_filter_that_includes_them(read: Callable[..., Configuration]) -> None:
    group = "group @g one {\n mail_path = /group\n mail_home = /home\n}\n"
    configuration = read(group + "protocol imap {\n mail_path = /own\n @g = one\n}\nmail_home = /global\n")
    assert (value(configuration, "mail_path", IMAP), value(configuration, "mail_home", IMAP)) == ("/own", "/home")
    assert value(configuration, "mail_home") == "/global"


def test_a_built_in_group(read: Callable[..., Configuration]) -> None:
    (inbox,) = read("namespace inbox {\n @mailbox_defaults = english\n}\n").sections("namespace")
    assert [one.name for one in inbox.sections("mailbox")] == ["Drafts", "Junk", "Sent", "Trash"]
    assert inbox.get("namespace_inbox").value == "yes"  # type: ignore[union-attr]


# Values


@pytest.mark.parametrize(("version", "wanted"), [("2.4.1", " x"), ("2.4.5", "/h x")])
def test_variables_are_expanded_at_once_or_at_the_end(
    read: Callable[..., Configuration], version: str, wanted: str
) -> None:
    assert value(read("mail_path = $SET:mail_home x\nmail_home = /h\n", version), "mail_path") == wanted


def test_the_environment_is_not_known(read: Callable[..., Configuration]) -> None:
    setting = read("mail_path = $ENV:FOO/x\n").get("mail_path")
    assert setting
    assert not setting.literal


def test_variables_cannot_grow_without_bound(read: Callable[..., Configuration]) -> None:
    doubling = "mail_home = xxxxxxxxxx\n" + "mail_home = $SET:mail_home $SET:mail_home\n" * 60
    assert len(value(read(doubling), "mail_home")) < 3_000_000


def test_files_and_origins(read: Callable[..., Configuration]) -> None:
    configuration = read("!include sub.conf\n", **{"sub.conf": "ssl_server {\n cert_file = a.pem\n key_file = /k\n}\n"})
    setting = configuration.get("ssl_server_cert_file")
    assert setting
    assert (setting.value, setting.file) == ("a.pem", "/etc/dovecot/a.pem")
    assert setting.origin.span
    assert (setting.origin.span.file.name, setting.origin.span.line) == ("/etc/dovecot/sub.conf", 2)
    assert [span.line for span in setting.origin.via] == [3]
    inline = read("ssl_server_cert_file = inline:abc\n").get("ssl_server_cert_file")
    assert inline
    assert inline.file is None
    mistaken = read("ssl_server_cert_file = </etc/x.pem\n").get("ssl_server_cert_file")
    assert mistaken
    assert (mistaken.value, mistaken.file) == ("</etc/x.pem", None)
    greeting = read("login_greeting = <x\n").get("login_greeting")
    assert greeting
    assert greeting.file == "/etc/dovecot/x"


# Secrets


SECRETS = """
ssl_server_key_password = Hush1
auth_policy_hash_nonce = Hush1
mysql h {
 password = Hush1
}
passdb static {
 fields {
  password = Hush1
 }
}
doveadm_password = "Hush1"
ssl_server_key_file = inline:Hush1
auth_policy_server_url = http://user:Hush1@example.org/
ldap_auth_dn_password = Hush1
pgsql_parameters {
 password = Hush1
}
login_greeting = x password=Hush1 y
"""


def test_no_secret_is_shown(read: Callable[..., Configuration]) -> None:
    configuration = read(SECRETS)
    shown = [setting.value for setting in configuration.settings(defaults=True).values()]
    assert not [text for text in shown if "Hush1" in text]
    main = configuration.main_file
    lines = [main.shown_line(number) for number in range(1, len(main.line_starts) + 1)]
    assert not [line for line in lines if "Hush1" in line]
    (passdb,) = configuration.sections("passdb")
    assert [(one.secret, one.value) for one in passdb.items("passdb_fields")] == [(True, "Hush1")]
    url = configuration.get("auth_policy_server_url")
    assert url
    assert url.secret


@pytest.mark.parametrize(
    "line",
    [
        "ssl_server_key_password = Hush1%{user",
        "passdb static {\n password = Hush1%{user\n fields {\n  password = Hush1%{user\n }\n}",
        "auth_policy_server_url = http://user:Hush1@example.org/%{user",
        "auth_policy_server_api_header = Bearer Hush1%{user",
    ],
)
def test_no_secret_is_told_by_a_problem(read: Callable[..., Configuration], line: str) -> None:
    configuration = read(line + "\n")
    assert configuration.problems
    assert not [problem for problem in configuration.problems if "Hush1" in problem.message + problem.advice]
    shown = [configuration.main_file.shown_line(problem.span.line) for problem in configuration.problems]
    assert not [text for text in shown if "Hush1" in text]


def test_nopassword_is_no_secret(read: Callable[..., Configuration]) -> None:
    (passdb,) = read("passdb static {\n fields {\n  nopassword = yes\n }\n}\n").sections("passdb")
    assert not passdb.items("passdb_fields")[0].secret


# What is refused


def test_reading_goes_on_after_a_problem(read: Callable[..., Configuration]) -> None:
    body = (
        "mail_debug = maybe\nnosuch = x\nplugin {\n quota = x\n}\nprotocol imap{\n mail_path = /x\n}\nmail_home = /h\n"
    )
    configuration = read(body)
    assert [(problem.span.line, problem.kind) for problem in configuration.problems] == [
        (3, ProblemKind.INVALID_VALUE),
        (4, ProblemKind.UNKNOWN_SETTING),
        (5, ProblemKind.UNKNOWN_SETTING),
        (8, ProblemKind.SYNTAX_ERROR),
    ]
    assert value(configuration, "mail_home") == "/h"


def test_a_missing_brace_is_reported_where_the_section_begins(read: Callable[..., Configuration]) -> None:
    configuration = read("passdb x {\n driver = pam\n\nmail_home = /h\n")
    (problem,) = configuration.problems
    assert problem.message == "Missing '}' (section started at /etc/dovecot/dovecot.conf:3)"
    assert problem.span.line == 3


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("ssl_cert = </x", "ssl_server_cert_file"),
        ("disable_plaintext_auth = yes", "auth_allow_cleartext"),
        ("auth_mechanism = plain", "auth_mechanisms"),
        ("passdb x {\n mechanisms = plain\n}", "mechanisms_filter"),
        ("passdb x {\n args = scheme=PLAIN\n}", "passwd_file_path"),
    ],
)
def test_an_unknown_name_gets_advice(read: Callable[..., Configuration], line: str, advice: str) -> None:
    (problem,) = read(line + "\n").problems
    assert problem.kind is ProblemKind.UNKNOWN_SETTING
    assert advice in problem.advice


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("dovecot_config_version = \\\n2.4.4\n", "Panic: Error in internal import configuration line 1: Expecting '{'"),
        ("foo \\\n#\nbar\nHEADER", "Panic: Error in internal import configuration line 1: Expecting '{'"),
        ("mail_path = \\\n\nHEADER", "The first setting must be dovecot_config_version"),
        ("!include \\\n\nb.conf\nHEADER", "The first setting must be dovecot_config_version"),
    ],
)
def test_lines_continued_before_the_version(tmp_path: Path, text: str, problem: str) -> None:
    """Asked of doveconf 2.4.5; 2.4.1 loads the first (``test_headers`` in tests/oracle/test_dovecot24.py)."""
    text = text.replace("HEADER", "dovecot_config_version = 2.4.4\n") + "dovecot_storage_version = 2.4.4\n"
    assert interpreted(tmp_path, text, "2.4.5").problems[0].message == problem


def test_a_version_in_two_lines(tmp_path: Path) -> None:
    text = "dovecot_config_version = \\\n2.4.0\ndovecot_storage_version = 2.4.1\n"
    assert interpreted(tmp_path, text, "2.4.1").problems == []


def test_a_file_without_header(tmp_path: Path) -> None:
    configuration = interpreted(tmp_path, "mail_home = /h\n")
    assert [problem.message for problem in configuration.problems] == [
        "The first setting must be dovecot_config_version",
        "dovecot_storage_version setting must be set",
    ]
    assert value(configuration, "mail_home") == "/h"
    assert interpreted(tmp_path, "").problems


def test_a_host_name_in_a_filter_is_not_looked_up(read: Callable[..., Configuration]) -> None:
    configuration = read("local mail.example.org {\n mail_path = /x\n}\n")
    assert configuration.problems == []
    assert "mail.example.org" in configuration.not_checked[0].what


def test_control_characters_are_escaped_in_problems(read: Callable[..., Configuration]) -> None:
    (problem,) = read("nosuch\x1b[31m = x\n").problems
    assert "\x1b" not in problem.message


# Any text


PIECES = st.sampled_from(
    [
        *("passdb a {\n", "service imap {\n", "}\n", "protocol imap {\n", "local 10.0.0.0/8 {\n", "ssl_server {\n"),
        *("group @g one {\n", "@g = one\n", "@mailbox_defaults = english\n", "namespace inbox {\n", "fields {\n"),
        *("mail_path = $SET:mail_home x\n", "mail_home = $SET:mail_path\n", "mail_path = %{user\n", "driver = pam\n"),
        *("auth_mechanisms = plain\n", "auth_mechanisms {\n", "x = yes\n", "service/imap/process_limit = 0\n"),
        *("/ = x\n", "a/ = x\n", "passdb//x = y\n", "passdb/a/b/c = d\n", " = x\n", '"" = x\n', "passdb {\n", "{\n"),
        *('mail_plugins = "a\n', "metric m {\n", "filter = x\n", "exporter = y\n", "local_name *.x {\n", "@ = \n"),
        *("remote ::1/200 {\n", "dovecot_config_version = 2.4.1\n", "key = <<E\n", "E\n", "\\\n", "x \\\n", "\x00\n"),
        *(
            "ssl_options = $ENV:X\n",
            "first_valid_uid = 99999999999\n",
            "auth_cache_size = 5\n",
            "import_environment =\n",
        ),
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES | st.text(max_size=8), max_size=25), st.sampled_from(["2.4.1", "2.4.5"]), st.booleans())
def test_any_text_is_read(tmp_path: Path, parts: list[str], version: str, header: bool) -> None:
    text = (HEADER.format("2.4.1") if header else "") + "".join(parts)
    configuration = interpreted(
        tmp_path, text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape"), version
    )
    scope = Scope("imap", "10.0.0.1", "::1", "a.x")
    configuration.settings(defaults=True)
    configuration.settings(scope)
    for kind in ("passdb", "service", "namespace"):
        for section in configuration.sections(kind, scope):
            section.get(f"{kind}_name")
            section.sections("inet_listener")


LARGE = {
    "sections inside sections": "passdb a {\n" * 5000 + "}\n" * 5000,
    "passdbs": "".join(f"passdb p{number} {{\n driver = pam\n}}\n" for number in range(5000)),
    "unknown names": "".join(f"nosuch{number} = x\n" for number in range(10_000)),
    "a long value": f"login_greeting = {'x' * 1_000_000}\n",
    "a long list": f"mail_plugins = {'a ' * 500_000}\n",
    "quotes in a list": "mail_plugins = " + '"a\\' * 300_000 + "\n",
    "many variables": f"mail_path = {'$SET:mail_home ' * 60_000}\n",
    "continued lines": "mail_path = " + "a \\\n" * 100_000 + "b\n",
}


@pytest.mark.parametrize("name", LARGE)
def test_large_texts_take_seconds(read: Callable[..., Configuration], name: str) -> None:
    begin = time.process_time()
    configuration = read(LARGE[name])
    configuration.settings()
    for section in configuration.sections("passdb"):
        section.get("passdb_driver")
    assert time.process_time() - begin < 20


@pytest.mark.parametrize("protocol_first", [False, True])
def test_passdbs_of_a_protocol_come_first(read: Callable[..., Configuration], *, protocol_first: bool) -> None:
    inner, outer = "protocol imap {\n  passdb zz {\n  }\n}\n", "passdb aa {\n}\n"
    configuration = read(inner + outer if protocol_first else outer + inner)
    assert [one.name for one in configuration.sections("passdb", Scope(protocol="imap"))] == ["zz", "aa"]
    assert [one.name for one in configuration.sections("passdb")] == ["aa"]


@pytest.mark.parametrize("port", ["}  !x", "²", "9" * 5000, "-1", "1e3"])
def test_a_port_that_is_no_number_is_refused_and_the_rest_is_read(
    read: Callable[..., Configuration], port: str
) -> None:
    main = "service imap-login {\n  inet_listener imap {\n    port = " + port + "\n  }\n}\nssl = required\n"
    configuration = read(main)
    assert [problem.kind for problem in configuration.problems] == [ProblemKind.INVALID_VALUE]
    assert configuration.get("ssl").value == "required"  # type: ignore[union-attr]


def test_bytes_that_are_no_text_are_read(read: Callable[..., Configuration]) -> None:
    configuration = read(
        "namespace inbox {\n  separator = \udcff\n}\nrecipient_delimiter = \udcfe\udcff\nssl = required\n"
    )
    assert configuration.get("ssl").value == "required"  # type: ignore[union-attr]
