"""Changes of Dovecot's files: the right characters, and every other one left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fixing_cases import audit_of, texts_with

from auditor.change import AddGlobal, AddInside, Fix, ReplaceWord, SetValue
from auditor.model.fixes import setting_to, without

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
