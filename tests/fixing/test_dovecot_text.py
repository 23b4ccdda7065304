"""Changes of Dovecot's files: the right characters, and every other one left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fixing_cases import audit_of, texts_with

from auditor.change import AddGlobal, AddInside, Fix, MoveAbove, ReplaceWord, SetValue
from auditor.model.dovecot_fixes import socket_for_its_user
from auditor.model.fixes import exempted, renamed, setting_to, without

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.audit import Audit
    from auditor.model import Dovecot

MAIN = "/etc/dovecot/dovecot.conf"
HEAD = {"2.4.1": "dovecot_config_version = 2.4.1\ndovecot_storage_version = 2.4.1\n", "2.3.19": "# 2.3\n"}
HEAD["2.4.5"] = HEAD["2.4.1"].replace("2.4.1", "2.4.5")


def read(root: Path, text: str, version: str = "2.4.1", **files: str) -> Audit:
    names = {f"etc/dovecot/{name.replace('_', '.')}": one for name, one in files.items()}
    return audit_of(root, {MAIN[1:]: HEAD[version] + text, **names}, dovecot=version)


def dovecot_of(audit: Audit) -> Dovecot:
    return audit.models[0].dovecot[0]


def with_value(root: Path, text: str, name: str, value: str, version: str = "2.4.1") -> str:
    """Return a text with a setting of another value."""
    audit = read(root, text, version)
    setting = dovecot_of(audit).configuration.get(name)
    assert setting
    made = texts_with(audit, setting_to(dovecot_of(audit), setting, value))
    return made[MAIN].removeprefix(HEAD[version])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("verbose_proctitle = yes\n", "verbose_proctitle = no\n"),
        ("\tverbose_proctitle=yes   # as long as I look\n", "\tverbose_proctitle=no   # as long as I look\n"),
        ('verbose_proctitle = "yes" # so\n', 'verbose_proctitle = "no" # so\n'),
        ("verbose_proctitle = 'yes'\n", "verbose_proctitle = 'no'\n"),
        ("verbose_proctitle = \\\n   yes\nmail_debug = yes\n", "verbose_proctitle = \\\n   no\nmail_debug = yes\n"),
        ("verbose_proctitle = yes\r\nmail_debug = no\r\n", "verbose_proctitle = no\r\nmail_debug = no\r\n"),
        ("verbose_proctitle = no\nverbose_proctitle = yes", "verbose_proctitle = no\nverbose_proctitle = no"),
        ("# verbose_proctitle = yes\nverbose_proctitle = yes\n", "# verbose_proctitle = yes\nverbose_proctitle = no\n"),
    ],
    ids=["plain", "comment behind", "quotes", "other quotes", "continued", "crlf", "last line", "comment above"],
)
@pytest.mark.parametrize("version", ["2.3.19", "2.4.1"])
def test_a_value_changes_where_it_stands(tmp_path: Path, before: str, after: str, version: str) -> None:
    assert with_value(tmp_path, before, "verbose_proctitle", "no", version) == after


def test_a_heredoc_is_replaced_as_a_whole(tmp_path: Path) -> None:
    text = "login_greeting = <<END\nsome\nlines\nEND\nmail_debug = yes\n"
    audit = read(tmp_path, text, "2.4.5")
    setting = dovecot_of(audit).configuration.get("login_greeting")
    assert setting
    made = texts_with(audit, setting_to(dovecot_of(audit), setting, "Hello"))
    assert made[MAIN].removeprefix(HEAD["2.4.5"]) == "login_greeting = Hello\nmail_debug = yes\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("mail_debug = yes\nverbose_proctitle = yes\n", "mail_debug = yes\n"),
        ("verbose_proctitle = yes # why\nmail_debug = yes\n", "mail_debug = yes\n"),
        ("verbose_proctitle = \\\n  yes\nmail_debug = yes\n", "mail_debug = yes\n"),
        ("mail_debug = yes\nverbose_proctitle = yes", "mail_debug = yes\n"),
    ],
    ids=["a line", "with its comment", "continued", "without an end"],
)
def test_a_setting_goes_with_its_lines(tmp_path: Path, before: str, after: str) -> None:
    audit = read(tmp_path, before)
    setting = dovecot_of(audit).configuration.get("verbose_proctitle")
    assert setting
    made = texts_with(audit, without(setting.origin, setting.name))
    assert made[MAIN].removeprefix(HEAD["2.4.1"]) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "passdb a {\n    driver = pam\n}\n",
            "passdb a {\n    driver = pam\n    mechanisms_filter = external\n}\n",
        ),
        (
            "passdb a {\n  passdb_driver = pam\n}\n",
            "passdb a {\n  passdb_driver = pam\n  passdb_mechanisms_filter = external\n}\n",
        ),
        ("passdb a {\n\tdriver=pam\n}\n", "passdb a {\n\tdriver=pam\n\tmechanisms_filter=external\n}\n"),
        ("passdb pam {\n}\n", "passdb pam {\n  mechanisms_filter = external\n}\n"),
        ("passdb pam {\n  # nothing yet\n}\n", "passdb pam {\n  mechanisms_filter = external\n  # nothing yet\n}\n"),
        (
            "protocol imap {\n  passdb a {\n    driver = pam\n  }\n}\n",
            "protocol imap {\n  passdb a {\n    driver = pam\n    mechanisms_filter = external\n  }\n}\n",
        ),
        (
            "passdb a {\n  driver = pam\n  fields {\n    a = b\n  }\n}\n",
            "passdb a {\n  driver = pam\n  mechanisms_filter = external\n  fields {\n    a = b\n  }\n}\n",
        ),
        (
            "passdb a {\n  driver = pam\n  mechanisms_filter =\n}\n",
            "passdb a {\n  driver = pam\n  mechanisms_filter = external\n}\n",
        ),
        (
            "passdb a {\r\n  driver = pam\r\n}\r\n",
            "passdb a {\r\n  driver = pam\r\n  mechanisms_filter = external\r\n}\r\n",
        ),
    ],
    ids=["indented", "full names", "tabs", "empty", "a comment", "nested", "a block inside", "set to nothing", "crlf"],
)
def test_a_setting_is_put_into_its_block(tmp_path: Path, before: str, after: str) -> None:
    audit = read(tmp_path, before)
    file = dovecot_of(audit).configuration.main_file
    at = file.text.index("passdb a") if "passdb a" in before else file.text.index("passdb pam")
    change = AddInside(file.span(at, at), "mechanisms_filter", "external")
    assert texts_with(audit, Fix("", (change,)))[MAIN] == HEAD["2.4.1"] + after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "mail_debug = no\nssl_min_protocol = TLSv1.2\n",
            "mail_debug = no\nssl_min_protocol = TLSv1.2\nssl = required\n",
        ),
        ("#ssl = yes\nmail_debug = no\n", "#ssl = yes\nssl = required\nmail_debug = no\n"),
        ("mail_debug  = no\nlisten      = *\n", "mail_debug  = no\nlisten      = *\nssl         = required\n"),
        (
            "passdb a {\n  driver = pam\n  # ssl = yes\n}\n",
            "ssl = required\npassdb a {\n  driver = pam\n  # ssl = yes\n}\n",
        ),
    ],
    ids=["beside its like", "below its comment", "in its column", "not inside a block"],
)
def test_a_global_setting_is_put_where_it_fits(tmp_path: Path, before: str, after: str) -> None:
    audit = read(tmp_path, before)
    change = AddGlobal(tuple(dovecot_of(audit).configuration.files), "ssl", "required")
    assert texts_with(audit, Fix("", (change,)))[MAIN].removeprefix(HEAD["2.4.1"]) == after


def test_a_global_setting_goes_into_the_file_that_has_its_like(tmp_path: Path) -> None:
    audit = read(tmp_path, "mail_debug = no\n!include ssl.conf\n", ssl_conf="ssl_min_protocol = TLSv1.2\n")
    change = AddGlobal(tuple(dovecot_of(audit).configuration.files), "ssl", "required")
    assert texts_with(audit, Fix("", (change,))) == {
        "/etc/dovecot/ssl.conf": "ssl_min_protocol = TLSv1.2\nssl = required\n"
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("auth_mechanisms = plain anonymous login\n", "auth_mechanisms = plain login\n"),
        ("auth_mechanisms = anonymous plain\n", "auth_mechanisms = plain\n"),
        ('auth_mechanisms = "plain ANONYMOUS" # all\n', 'auth_mechanisms = "plain" # all\n'),
        ("auth_mechanisms = plain \\\n  anonymous\n", "auth_mechanisms = plain\n"),
    ],
    ids=["between", "first", "quoted", "continued"],
)
def test_a_word_is_taken_out(tmp_path: Path, before: str, after: str) -> None:
    audit = read(tmp_path, before, "2.3.19")
    setting = dovecot_of(audit).configuration.get("auth_mechanisms")
    assert setting
    assert setting.origin.span
    made = texts_with(audit, Fix("", (ReplaceWord(setting.origin.span, "anonymous"),)))
    assert made.get(MAIN, "").removeprefix(HEAD["2.3.19"]) == after


def test_the_file_that_a_setting_stands_in_is_changed_whatever_leads_there(tmp_path: Path) -> None:
    (tmp_path / "etc/dovecot").mkdir(parents=True)
    (tmp_path / "etc/dovecot/link.conf").symlink_to("real.conf")
    audit = read(tmp_path, "!include link.conf\n!include real.conf\n", real_conf="mail_debug = yes\n")
    setting = dovecot_of(audit).configuration.get("mail_debug")
    assert setting
    assert texts_with(audit, setting_to(dovecot_of(audit), setting, "no")) == {
        "/etc/dovecot/real.conf": "mail_debug = no\n"
    }


def test_a_place_that_no_setting_stands_at_cannot_be_edited(tmp_path: Path) -> None:
    audit = read(tmp_path, "mail_debug = yes\n")
    span = dovecot_of(audit).configuration.main_file.span(3, 5)
    assert texts_with(audit, Fix("", (SetValue(span, "no"),))) == {}
    assert texts_with(audit, Fix("", (AddInside(span, "ssl", "no"),))) == {}


PASSDBS = """\
# who is let in
passdb users {
  driver = passwd-file
}

# who is not
# (since the move)
passdb denied {
  driver = passwd-file
  deny = yes
}
mail_debug = yes
"""


def test_a_block_moves_with_the_comments_above_it(tmp_path: Path) -> None:
    audit = read(tmp_path, PASSDBS)
    users, denied = dovecot_of(audit).configuration.sections("passdb")
    made = texts_with(audit, Fix("", (MoveAbove(denied.span, users.span),)))
    allowed, _, rest = PASSDBS.partition("\n\n")
    forbidden, _, behind = rest.partition("mail_debug")
    assert made[MAIN].removeprefix(HEAD["2.4.1"]) == f"{forbidden}{allowed}\n\nmail_debug{behind}"


def test_a_block_does_not_move_down(tmp_path: Path) -> None:
    audit = read(tmp_path, PASSDBS)
    users, denied = dovecot_of(audit).configuration.sections("passdb")
    assert texts_with(audit, Fix("", (MoveAbove(users.span, denied.span),))) == {}


def test_a_file_marker_stands_outside_of_quotes(tmp_path: Path) -> None:
    before, after = 'ssl_ca = "/etc/ca.pem" # clients\n', "ssl_ca = </etc/ca.pem # clients\n"
    assert with_value(tmp_path, before, "ssl_ca", "</etc/ca.pem", "2.3.19") == after


QUEUE = "service auth {\n  unix_listener /var/spool/postfix/auth {\n    mode = 0666\n  }\n}\n"
WEB = QUEUE.replace("/var/spool/postfix/auth", "web")


@pytest.mark.parametrize(
    ("before", "after", "safe"),
    [
        (QUEUE, QUEUE.replace("0666\n", "0600\n    user = postfix\n"), True),
        (WEB, WEB.replace("0666", "0600"), False),
        (QUEUE.replace("0666", "0666\n    group = mail"), QUEUE.replace("0666", "0660\n    group = mail"), True),
    ],
    ids=["in the queue", "for somebody", "for a group"],
)
def test_a_socket_is_closed_to_all_but_its_user(tmp_path: Path, before: str, after: str, safe: bool) -> None:
    audit = read(tmp_path, before)
    dovecot = dovecot_of(audit)
    auth = next(one for one in dovecot.configuration.sections("service") if one.name == "auth")
    modes = [one.get("unix_listener_mode") for one in auth.sections("unix_listener")]
    fix = next(socket_for_its_user(dovecot, mode.origin) for mode in modes if mode and mode.origin.span)
    assert texts_with(audit, fix)[MAIN].removeprefix(HEAD["2.4.1"]) == after
    assert fix
    assert fix.safe is safe


def test_a_name_changes_where_it_stands(tmp_path: Path) -> None:
    audit = audit_of(tmp_path, {MAIN[1:]: '"mail_debg" = no # off\n'}, dovecot="2.3.19")
    file = dovecot_of(audit).configuration.main_file
    assert texts_with(audit, renamed(file.span(0, 1), "mail_debug")) == {MAIN: "mail_debug = no # off\n"}


def test_a_block_goes_below_the_one_around_a_setting(tmp_path: Path) -> None:
    text = "ssl = no\r\nprotocol !smtp {\r\n\tauth_verbose = yes\r\n}\r\nlisten = *\r\n"
    audit = audit_of(tmp_path, {MAIN[1:]: text}, dovecot="2.3.19")
    setting = dovecot_of(audit).configuration.settings()["protocol !smtp/auth_verbose"]
    changed = text.replace("}\r\n", "}\r\nprotocol smtp {\r\n\tauth_verbose = no\r\n}\r\n")
    assert texts_with(audit, exempted(setting, "smtp", "no")) == {MAIN: changed}
